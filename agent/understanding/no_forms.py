"""The forms of no: refusals, holds and withdrawals, and whether they end the session."""

from __future__ import annotations

from agent.understanding import patterns as re

_CLOSE = r"(?=\s*(?:$|[.,;:!?)—-]|and\b|because\b|since\b|for (?:now|good)\b|immediately\b|right (?:now|away)\b|today\b|thank|i\b|we\b|it'?s\b|👎|❌))"
_ALL = r"(?: (?:the|this|that|it|everything|session|whole|entire|all|of|job|run|training|thing|please|now|my|order|request|experiment|project|plan|tout|todo|esto|la|sesión|ça|cela|alles|bitte))*"
"""What an end-word may have as its object to end the session: nothing, or the session itself."""
_ENDS = re.compile(
    rf"\b(?:cancel|abort|terminate|quit|kill|scrap|(?<!the )(?<!an )(?<!my )(?<!our )(?<!-)(?<!no )(?<!in )(?<!at )(?<!dead )end){_ALL}{_CLOSE}"
    rf"|\b(?:forget (?:it|about it|the whole|this|everything)|never ?mind|drop (?:it|the idea|everything|this|the (?:whole )?(?:thing|project|plan|experiment|job|matter))|pull the plug|(?:i'?m|we'?re) out|we(?:'re| are) done(?: here)?|don'?t (?:want|need) (?:it|this)(?: any ?more)?){_ALL}{_CLOSE}"
    r"|\bcall (?:it|the whole thing) off\b|\bshut (?:it|everything) down\b|\bnot interested\b|\bclose (?:the |this )?session\b"
    rf"|(?<!sweep )\babbrechen\b|\bbeenden?\b(?= das| alles| die sitzung| es|$|[.!,])|\bbrich (?:es |das |alles )?ab\b|\bbrechen sie ab\b|\babbruch\b|\bvergiss es\b|\blaisse tomber\b|\bolvídalo\b|\b(?:annule[zr]?|annuler|cancela\w*|cancelar){_ALL}{_CLOSE}"
    r"|取消(?!部署|扫描|搜索|调参|候选|预算|限制|最终)|算了|终止|中止"
)
_CALLS_OFF = re.compile(r"\b(?:cancel|abort|terminate|kill|scrap|annule[zr]?|cancela\w*)\b|取消")
"""An end-word with any other object: nothing starts before it is clear what is meant."""
_HOLD = re.compile(
    r"\bnot yet\b|\bnot now\b|\bhold\b|\bwait\b|\bpause\b|\blater\b|\bnot (?:today|so fast|ready|until|before)\b|\bnoch nicht\b|\bwarte\w*\b|(?<!at the )(?<!for the )(?<!im )(?<!en ce )(?<!of the )(?<!zum )\bmoment\b|\bspäter\b|\bpas encore\b|\battend\w*\b|\bplus tard\b|\btodavía no\b|\baún no\b|\bespera\w*\b|\bmás tarde\b|还不|先不|等一下|等等|稍等|暂停|\bgive me (?:a|some|until|an|one)\b|\blet me (?:think|check|ask|look|sleep|first|discuss|talk|review|read|get back|see)\b|\bi(?:'ll| will| need to| have to| must|'d like to)? (?:first )?(?:need to |have to |want to |must )?(?:first )?(?:ask|check|think about|talk|discuss|sleep on|consult|clear it|get back|review|read)\b|\bi(?:'ll| will| need to| have to| must|'d like to) (?:first )?think\b|\bhang on\b|\bstand by\b|\bon hold\b|\bput (?:it|this) on ice\b|\bneed (?:more )?time\b|\bpostpone\b|\bon ice\b"
)
_NO = re.compile(
    r"(?:^|[.!?,;—]\s*|\b(?:sorry|oh|ah|hmm|um|well|thanks|ok|okay|yes|wait|actually|err|hm|ehm|but)[,.]? )(?:no|nope|nah|nay|non|nein|nö|ne|negative|ney|nee|não|нет|いいえ|아니요)\b|^no+$|^n$|👎|❌|🚫|🛑|✋|⛔"
    r"|\bso no\W*$|\band no, i\b|\b(?:won'?t|will not|can'?t|cannot|not going to|refuse to|not willing to|don'?t want to) (?:\w+ )?(?:release|authori[sz]e|clear|green-?light|back|support|endorse|sign|fund|pay|let)\b|\bdecid\w+ against\b|\bdecid\w+ not to\b|\bopt(?:ed|ing)? (?:out|not to)\b|\b(?:call it a day|call it quits|pull out|back out|bail(?:ing)? out|pack it in|leave it there)\b|\b(?:none|neither|not one) of (?:these|those|them|the \w+)[^.;]{0,20}\b(?:good enough|worth|convinc\w+|acceptable|works?|will do|up to)\b|\bnot good enough\b|\bdagegen entschieden\b|\bdecidido (?:no|que no)\b|\bdécidé de ne pas\b|\b(?:tegen|não) besloten\b|\bdeciso di non\b"
    r"|\bover my dead body\b|\bin your dreams\b|\bdream on\b|\bwhen (?:pigs|hell)\b|\bnot in a million years\b|\bfat chance\b|\bno chance\b|\byou wish\b|\bget lost\b|\bforget it\b|\bout of the question\b|\bi(?:'ll)? pass\b|\bhard pass\b|\bcount me out\b|\bi'm out\b|\bi object\b|\bkommt nicht in frage\b|\bauf keinen fall\b|\bniemals\b|\bhors de question\b|\bjamais\b|\bni hablar\b|\bde ninguna manera\b|\bni de broma\b|\bnunca\b|没门|休想|免谈"
    r"|\bstop\b|\bhalt\b|\bstopp\b|\barrête\w*\b|\bpara\b(?= todo|$|[.!,])|\bdetén\w*\b|\breject\w*\b|\brefuse[ds]?\b|\bdeclin\w+\b|\bdeny\b|\bdenied\b|\bveto\b|\bdisapprove\w*\b|\bunapproved\b|\bnot approved\b|\bno go\b|\bno-go\b|\bno way\b|\babsolutely not\b|\bcertainly not\b|\bdefinitely not\b|\bof course not\b|\bhell no\b|\bnot a chance\b|\bunder no circumstances\b|\bno thanks?\b|\bno deal\b|\bi'?d rather not\b|\brather not\b|\bbetter not\b|\bplease no\b|\bnot okay\b|\bnot ok\b|\bnot good\b|\bnot happy\b|\bnot fine\b|\bnot (?:\w+ )?(?:comfortable|convinced|sold|on board|in favou?r|keen|satisfied|impressed)\b|\bno good\b"
    r"|\b(?:do not|don'?t|dont|can'?t|cannot|can not|won'?t|will not|shouldn'?t|should not|must not|mustn'?t|didn'?t|did not|never|not going to|haven'?t|have not|wouldn'?t|would not|not|nicht)(?: \w+){0,2} (?:approv\w*|proceed|start\w*|go ahead|go on|launch\w*|run|continue|promote|agree\w*|accept\w*|like|want|begin|do (?:it|this|that)|spend|ship|sign\w*|commit|give|weiter|genehmig\w+|zustimm\w*|einverstanden|starten|deploy it)\b"
    r"|\b(?:withdraw|revoke|take back|retract|rescind|cancel)(?: \w+){0,2} (?:approval|yes|ok|okay|consent|agreement|go-ahead|it)\b|\btake (?:my|the) (?:approval|yes|ok|okay) back\b|\btake (?:it|that|this|all of it|everything) back\b|\bwithdraw (?:this|it|that|the (?:plan|request|job|run|order|whole thing)|my \w+|everything)\b|\bnothing (?:is to|may|must|should|shall|can|will|gets to|is going to) (?:be )?(?:start\w*|run|launch\w*|proceed|happen|approved)\b|\b(?:i'?d|i would|you'?d|one would) (?:have to|need to|must) be (?:mad|crazy|insane|nuts|stupid|an idiot|out of my mind)\b|\bover budget,? (?:no|sorry)\b|\bnot worth it\b|\bnot going ahead\b|\bi'?m not (?:approving|signing|paying|agreeing|going to)\b|\bwe(?:'re| are) not (?:approving|paying|doing|going)\b|\bno approval\b|\bnot in agreement\b|\bi changed my mind\b|\bchanged my mind\b|\babgelehnt\b|\blehne (?:ich |das |den plan )?ab\b|\bnicht einverstanden\b|\bnicht (?:starten|genehmigt|fortfahren|weiter)\b|\bne (?:lance|lancez|démarre|continue\w*|procède\w*|commence\w*)\b|\brefusé\b|\bje refuse\b|\brechazad\w+\b|\brechazo\b|\bno (?:procedas|apruebo|lo|empieces|continúes|lances|estoy|sigas|quiero)\b|\bj(?:e ne suis|'suis) pas d'accord\b|\bpas d'accord\b|\bn(?:e |')(?:démarre\w*|commence\w*|fais\w*|faites|y va|touche\w*)\b|\bsurtout pas\b|\bpas question\b|\bannul\w+\b|\babandonn\w+\b|\bje ne (?:valide|suis|veux|peux)\b|\bno (?:empiecen?|inicies?|arranques?|hagas|hagan|autorizo|acepto|me convence|estamos|lo hagas)\b|\bpar(?:a|en|e|ad)(?: todo|lo)?(?=$|[.!,])|\bdéjalo\b|\bnão (?:aprovo|concordo|comec\w*|inici\w*|quero|autorizo|prossiga|siga|rode|faça|pode|vamos|vou|aceito|ainda)\b|\bainda não\b|\bpar[ae] (?:tudo|já)\b|\bcancel[ae]\b|\bdeixa (?:pra lá|para lá|quieto)\b|\bde jeito nenhum\b|\bnem pensar\b|\bnon (?:procedere|procedete|partire|partite|avviare|avviate|approvo|sono d'accordo|va bene|voglio|ancora|iniziare|iniziate|lanciare|fare|fate|farlo|adesso|ora)\b|\bferma\w*\b|\bannulla\w*\b|\blascia(?:mo|te)? (?:stare|perdere)\b|\baspetta\w*\b|\bnon se ne parla\b|\b(?:niet|nog niet) (?:doen|starten|beginnen|akkoord|nu|doorgaan)\b|\bnog niet\b|\bgaat niet door\b|\bgeen (?:akkoord|toestemming|sprake van)\b|\bwacht\b|\blaat maar zitten\b|\bblaas (?:het|alles) af\b|ないで(?:ください|下さい|くれ|ね|$|[ 。.!])|やめ|止め|中止|ストップ|待って|お待ち|まだ(?:です|早|だめ|ダメ|です|進|始|$)|だめ|ダメ|却下|反対|見送|承認しません|同意しません|できません|キャンセル|取り消|なしで$|不行|不要|不可以|不同意|不批准|拒绝|停止|停下|停$|^停|别开始|^不$|^不[，, ]|不用了|\btoo (?:expensive|pricey|much money|costly)\b|\bway too much\b|\bzu teuer\b|\btrop cher\b|\bdemasiado caro\b|太贵"
)
_NOT_A_NO = re.compile(
    r"\bno (?:objections?|problem|changes?|concerns?|questions?|issues?|further|comments?|need|deploy\w*|sweep|more than|final|hp|hyper\w*|tuning|fine-?tun\w*|reflexion|cot|react|dropout|limit)\b|\bdon'?t (?:cancel|abort|kill|end|quit|deploy|stop|wait|sweep|tune|use|forget|worry|train on)\b|\bdo not (?:cancel|abort|kill|end|quit|deploy|stop|wait|sweep|tune|use|forget|train on)\b|\bstop (?:early|once|when|at|after|if|as soon)\b|\bhold(?:ing)? ?out\b|\bheld\b|\bno longer\b|\b(?:no|without)(?: a| any)? (?:budget|spending|cost|price)\b|\bcan'?t wait\b|\bnot only\b"
)


def says_no(text: str) -> bool:
    """Whether a lower-case text says no, stop, not yet, or takes an approval back."""
    bare = _NOT_A_NO.sub(" ", text)
    return bool(_NO.search(bare) or _HOLD.search(bare) or _ENDS.search(bare) or _CALLS_OFF.search(bare))


_HOLDS_FIRST = re.compile(
    r"^(?:(?:please|pls|sorry|no|hi|hey|ok|yes|but|well|bitte|nein)[,.!]? )*(?:hold off|put (?:it|this) on hold|not yet|pause|stand by|noch nicht|pas encore|todavía no|aún no|ainda não|non ancora|nog niet)\b"
)


def begins_with_hold(text: str) -> bool:
    """Whether the text opens with "hold off" or "not yet": what follows are reasons, no wishes."""
    return bool(_HOLDS_FIRST.search(text))


def ends_session(text: str) -> bool:
    """Whether the no wants the whole session ended, as against hold or not yet."""
    return bool(_ENDS.search(text)) and not re.search(
        r"\b(?:not|don'?t|do not|no need to|without) (?:\w+ )?(?:cancel|abort|end|kill|quit)", text
    )
