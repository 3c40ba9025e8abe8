"""Turns that replies take and instructions do not, put into the words that the readers of slots know."""

from __future__ import annotations

from agent.understanding import patterns as re

_N = r"\d+(?:[.,]\d+)?"
_LEAVE = r"(?:leave|take|cut|strip|strike|keep|pull|throw|kick|remove|drop|delete|omit)"
_DEPLOYMENT = r"(?:the )?(?:deployment|deploying|deploy(?: step)?|roll-?out|going live|go-live)"
_OVER_ALL = r"(?:(?:run|training|retraining|round|pass|job) (?:over|on|with) (?:the )?(?:full|whole|entire|complete|all(?: the)?|all of the)(?: data ?sets?| data)?|(?:full|final)[- ](?:data )?(?:run|training))"
_TURNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"\b(?:only|just|a single|no more than|the)? ?\bone (?=(?:full |single |training )?(?:epochs?|pass|job|rank)\b)", " 1 "),
        (rf"\b{_LEAVE} {_DEPLOYMENT}(?: \w+)? (?:out|off|away|aside)\b", "no deployment"),
        (rf"\b(?:drop|remove|omit|strike|cut) {_DEPLOYMENT}(?: (?:step|part|from it|from the plan))?\b", "no deployment"),
        (
            rf"\b{_DEPLOYMENT}(?: step| part)? (?:is|gets|has been|was|must be|should be|shall be|goes|comes) (?:taken |left |struck |thrown |cut )?(?:out|off|dropped|removed|omitted|deleted)\b(?: of)?",
            "no deployment in",
        ),
        (rf"\b(?:we |i )?(?:don'?t|do not|needn'?t|won'?t) (?:really )?(?:need|want)(?: to do| to have)? (?:the|a|any|this|that) {_OVER_ALL}\b", "skip the full-data run"),
        (
            r"\b(?:the |my |our )?(?:bill|invoice|damage|tab|whole thing|total|sum|amount|price|cost|it)(?: all)? (?:stays?|remains?|is kept|comes? in|comes? out|ends? up|keeps?|lands?|is|will be|does not go|doesn'?t go|does not get) (?=(?:below|under|within|at most|beneath|less than|lower than|above|over|beyond) (?:\$|usd)? ?(?:\d|\w+(?:[ -]\w+)? (?:dollars|bucks|usd)))",
            "the budget stays ",
        ),
        (rf"\b(?:lower|higher|smaller|bigger|another|different|new) (?P<what>learning rate|lr|rank|lora rank|beta|budget)(?: please| pls| then)?[,:;] ?(?:say |like |maybe |e\.g\. )?(?=\$?{_N})", r"\g<what> "),
        (r"\b(?:amostras|exemplos|campioni|esempi|steekproeven|voorbeelden)\b", "samples"),
        (r"\b(?:shld|shd|shoud)\b", "should"),
        (r"\b(?:labels?|classes|categories) (?:are|is) (?:wrong|not right|incorrect|off|incomplete)\s*[:,.;—-]+ ?(?:it'?s|they'?re|they are|it is|it should be|they should be|it must be|use|take|make it|make them|the right ones are|right ones:|correct ones:|correct is|correct:)\s*:? ?", "labels: "),
        (r"\b(?:the )?(?P<what>labels|classes|categories|tasks|methods) (?:should|must|shall|ought to|have to|need to) be *: *", r"\g<what>: "),
        (r"(?:训练)?(?:轮数|轮次|epoch数|回合数)(?:改成|改为|设为|设成|设置为|调到|调成|降到|减到|减为|换成|为|是)? ?(?=\d)", " epochs "),
        (r"(?<=\bno )(?:training|tuning)(?=\s*(?:$|[,.;!]))", "fine-tuning"),
    )
)  # fmt: skip
_NUMBERS = {
    "1": "eins eine einer einen ein erste ersten erster erstes un une uno una um uma premier première primero primera primer primo prima primeiro primeira één een eerste",
    "2": "zwei zweite zweiten zweiter zweites deux deuxième second seconde dos segundo segunda due secondo seconda dois duas twee tweede",
    "3": "drei dritte dritten dritter drittes trois troisième tres tercero tercera tercer tre terzo terza três terceiro terceira drie derde",
    "4": "vier vierte vierten vierter viertes quatre quatrième cuatro cuarto cuarta quattro quarto quarta quatro vierde",
    "5": "fünf fünfte fünften fünfter fünftes cinq cinquième cinco quinto quinta cinque vijf vijfde",
}
_DIGIT = {word: digit for digit, words in _NUMBERS.items() for word in words.split()}
_COUNT_WORD = "|".join(sorted(_DIGIT, key=len, reverse=True))
_ORDINAL_WORD = "|".join(
    sorted((word for word in _DIGIT if len(word) > 4 and word not in ("einen", "einer")), key=len, reverse=True)
)
_CANDIDATE_NOUN = (
    r"(?:kandidat\w*|candidat\w*|kandidaat|número|numero|numéro|nummer|número|opción|opzione|option|opção|optie)"
)
_CANDIDATES = (
    re.compile(
        rf"\b{_CANDIDATE_NOUN}(?: (?:número|numero|numéro|nummer|nr\.?|n[°º]))? (?P<n>{_COUNT_WORD})\b", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?P<n>{_ORDINAL_WORD}) (?:kandidat\w*|candidat\w*|kandidaat|opción|opzione|opção|optie)\b", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?:den|der|die|das|le|la|el|il|o|a|de) (?P<n>{_ORDINAL_WORD})(?=\s*(?:$|[.,;!?]|bitte|nehmen|por favor|s'il|per favore|alsjeblieft|graag|please|statt|stattdessen|en lugar|plutôt|invece|em vez))",
        re.IGNORECASE,
    ),
)
"""A candidate by its number in another language; these end as "candidate 2"."""
_EPOCH_NOUN = r"(?=(?:épocas?|epochen?|époques?|epoche|epoch|tijdperk(?:en)?)\b)"
_EPOCHS = re.compile(
    rf"\b(?P<n>{_COUNT_WORD}) (?:einzige[nrs]? |seule |sola |solo |única |unica |enkele )?{_EPOCH_NOUN}", re.IGNORECASE
)
_ONLY_BENCHMARK = re.compile(
    r"\b(?:alleen|slechts|enkel|apenas|só|somente|soltanto|solamente|soltanto|solo|sólo|nur|seulement|juste)(?: (?:de|den|das|o|a|il|el|le|la|het|il))? benchmark\w*",
    re.IGNORECASE,
)
_KANA = re.compile(r"[\u3040-\u30ff]")
_JA_TURNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"(?:それ以外|その他|他|ほか|あと|残り)(?:は|の点は)?(?:全部|すべて|全て)?(?:問題(?:ありません|ない(?:です)?|なし)|OK|ok|オーケー|大丈夫|そのまま|結構|良い|いい)\w*", " . "),
        (r"(?P<a>\d[\d.e-]*) ?(?:から|より) ?(?P<b>\d[\d.e-]*)", r"\g<b>"),
        (r"(?:エポック|epoch)数?(?:は|を|が|も)?(?: ?だけ)?", " epochs "),
        (r"(?P<n>\d+) ?(?:回|周)(?=だけ|に|で|の)", r" \g<n> epochs "),
        (r"学習率(?:は|を|が)?", " learning rate "),
        (r"(?:ランク|LoRAランク|階数)(?:数)?(?:は|を|が)?", " rank "),
        (r"ベータ(?:は|を|が)?", " beta "),
        (r"(?:予算|費用|上限|コスト|料金|金額)(?:の上限|上限)?(?:は|を|が)?", " budget "),
        (r"(?P<n>\d[\d.,]*) ?(?:米)?ドル(?:まで|以内|以下|未満|を上限)?", r" \g<n> dollars "),
        (r"(?P<n>\d[\d,]*) ?(?:サンプル|件|行)(?:だけ|のみ)?", r" \g<n> samples "),
        (r"(?:ハイパーパラメータ(?:ー)?(?:の)?)?(?:チューニング|調整|探索|スイープ)(?:には|では|に|で|は|を)?", " hyperparameter tuning "),
        (r"(?:並列|同時)(?:実行|ジョブ)?(?:数)?(?:は|を|に)?", " parallel jobs "),
        (r"候補 ?(?P<n>\d+)(?:番)?", r" candidate \g<n> "),
        (r"(?P<n>\d+) ?(?:番目|番)(?:の候補)?", r" candidate \g<n> "),
        (r"(?:最後|最終)の?(?:学習|訓練|トレーニング|実行)(?:は|を)?(?:しないで|不要|なし|省いて|スキップ|やらない)\w*", " skip the final run "),
        (r"(?:デプロイ|公開|配備)(?:は|を)?(?:まだ)?(?:しないで|不要|なし|やめて|省いて|外して|いりません|要りません|せずに)\w*", " no deployment "),
        (r"ベンチマーク(?:だけ|のみ)(?:を)?", " only benchmark "),
        (r"ラベル(?:は|を)?", " labels "),
        (r"(?:に|へ|と)?(?:して|変更|変えて|減らして|増やして|下げて|上げて|お願い|設定|抑えて)(?:して)?(?:ください|下さい|くれ|ほしい|欲しい|お願いします|します)?(?:です|ね|よ)?", " please "),
        (r"ください|下さい|お願いします", " please "),
        (r"[、。]", " . "),
    )
)  # fmt: skip


def for_readers(own: str, at_candidates: bool = False) -> str:
    """A person's own words with such turns replaced; everything else stays as it was typed.

    `at_candidates`: the gate offers candidates, so that "den zweiten" is one of them.
    """
    own = _EPOCHS.sub(lambda m: f"{_DIGIT[m['n'].lower()]} ", own)
    own = _ONLY_BENCHMARK.sub("only benchmark", own)
    for pattern in _CANDIDATES if at_candidates else ():
        own = pattern.sub(lambda m: f"candidate {_DIGIT[m['n'].lower()]}", own)
    if _KANA.search(own):
        for pattern, words in _JA_TURNS:
            own = pattern.sub(words, own)
        own = re.sub(r"[\u3040-\u30ff]+", " ", own)
    for pattern, words in _TURNS:
        own = pattern.sub(words, own)
    return own
