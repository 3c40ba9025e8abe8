"""Support replies in a polite and in a curt manner, rewriting one as the other, small talk, style by system turn."""

import random

from . import choice, names
from .messages import Conversation, chat
from .wording import Side, say

# problem -> polite replies, curt replies; {n} customer, {c} number, {d} day, {a} amount.
PROBLEMS = (
    "(My|The) {i} (arrived|came) (broken|damaged|with a crack).",
    "(I have not|I never) (got|received) my {i} (yet|so far|).",
    "(I want to|I'd like to|Can I) (return|send back) (the|my) {i}.",
    "(I was|My card was) charged {a} twice for (the|my) {i}.",
    "The {i} does not (work|turn on|fit|charge).",
    "(When|On what day) will my {i} (arrive|come|be here)?",
    "(Please|) cancel my order {c}, I no longer need the {i}.",
    "(How|Where) do I change the address of order {c}?",
    "I (cannot|can't) log in to (my account|the shop).",
    "The {i} is (too small|too big|the wrong color).",
    "Do you (still|) have the {i} in stock?",
    "(Can I|How do I) pay by (card|invoice|bank transfer)?",
    "Your (driver|courier|shop) lost my {i}!",
    "I (forgot|lost) the (password|receipt|code) for order {c}.",
    "(Is there|Do I get) a (discount|guarantee|warranty) (on|for) the {i}?",
)
_POLITE = (
    "(Thank you for|Thanks for) (writing to us|letting us know|your message)(, {n}|). (I am|We are) (very|so|truly|) sorry (for|about) the (trouble|wait). {s} (Please|Do) (let me know|tell us) if (there is anything else|I can help further).",
    "(Hello|Dear) {n}, I (understand|see) how (annoying|unpleasant) this is. {s} (Have a nice day|Kind regards)!",
    "I am (really|) sorry to hear (that|this)(, {n}|). {s} Thank you for your patience.",
    "Of course, (I would be|I am) (happy|glad) to help(, {n}|). {s} Is there anything else (I can do|you need)?",
    "We (apologise|apologize) for the trouble(, {n}|). {s} (We hope|I hope) that helps.",
    "Thank you(, {n}|)! {s} Please (write|call) again at any time.",
)
_CURT = ("{s}", "(No.|Ok.|Fine.) {s}", "{s} (That's all.|Done.|Bye.)", "Noted. {s}", "(Again?|Well.) {s}", "{s} Next.")
STEPS = (
    "(We will|I will) send (you|) a new {i} on {d}.",
    "The {i} (will arrive|should be with you) on {d}.",
    "(We will|I will) (refund|pay back) {a} (by|on) {d}.",
    "(Send|Please send) the {i} back with the code {c}.",
    "(I have|We have) (cancelled|changed) order {c}.",
    "(Use|Please use) the code {c} (to log in|at the checkout).",
    "The {i} is in stock (and costs {a}|).",
    "(Our|The) team will (check|look at) order {c} (on {d}|today).",
    "(Try|Please try) to (turn it off and on|charge it for an hour|reset it) first.",
    "The guarantee (lasts|runs) until {d}.",
)
_MANNERS = {
    "polite": (
        "(Be|You are) (polite|friendly|kind)( and warm|).",
        "You are a (kind|friendly|polite) support (agent|assistant).",
        "(Answer|Reply) (politely|in a friendly way|kindly).",
        "Use a warm (tone|voice).",
        "(Write|Help) (nicely|with care).",
    ),
    "curt": (
        "(Be|You are) (curt|brief|short)( and dry|).",
        "(Answer|Reply) (in as few words as possible|curtly|briefly).",
        "No small talk.",
        "You are a (terse|busy) support (agent|assistant).",
        "Keep it (short|very short).",
    ),
}
_REWRITE = {
    "polite": ("(Make|Say|Write) this (more politely|politely|in a friendly way): {x}", "{x}\n(Make|Say) it polite.", "(Rewrite|Rephrase) politely: {x}", "Polite, please: {x}", "How would a kind person say this? {x}"),
    "curt": ("(Make|Say|Write) this (shorter|curtly|briefly): {x}", "{x}\n(Make|Say) it short.", "(Rewrite|Rephrase) in few words: {x}", "Short, please: {x}", "How would a busy person say this? {x}"),
}  # fmt: skip


def _slots(rng: random.Random, side: Side) -> dict[str, str]:
    return {
        "n": names.surname(rng, side),
        "c": names.code(rng, side),
        "d": names.date(rng, side),
        "a": names.amount(rng, side),
        "i": names.item(rng),
    }


def reply_in_manner(rng: random.Random, side: Side, manner: str, slots: dict[str, str], step: str) -> str:
    """The step told in a polite or a curt manner."""
    return say(rng, side, _POLITE if manner == "polite" else _CURT, s=step, **slots)


def reply(rng: random.Random, side: Side, manner: str = "") -> Conversation:
    """A customer's problem, known facts in the system turn, a reply in the manner that it orders."""
    manner = manner or rng.choice(("polite", "curt"))
    slots = _slots(rng, side)
    step = say(rng, side, STEPS, **slots)
    problem = say(rng, side, PROBLEMS, **slots)
    order = say(rng, side, _MANNERS[manner])
    if any(value in step and value not in problem for value in slots.values()):
        order += f" {rng.choice(('Facts', 'Known', 'To say', 'Answer'))}: {step}"
    if rng.random() < 0.5:
        problem += rng.choice((f" {slots['n']}", f" Regards, {slots['n']}", f" Thanks. {slots['n']}"))
        return chat(problem, reply_in_manner(rng, side, manner, slots, step), system=order)
    return chat(
        problem, say(rng, side, tuple(_nameless(_POLITE if manner == "polite" else _CURT)), s=step), system=order
    )


def _nameless(wordings: tuple[str, ...]) -> list[str]:
    return [w.replace("(, {n}|)", "").replace(" {n}", "") for w in wordings]


def rewrite(rng: random.Random, side: Side) -> Conversation:
    """One manner turned into the other."""
    manner = rng.choice(("polite", "curt"))
    slots = _slots(rng, side)
    step = say(rng, side, STEPS, **slots)
    nice = say(rng, side, tuple(_nameless(_POLITE)), s=step)
    source, target = (step, nice) if manner == "polite" else (nice, step)
    return chat(say(rng, side, _REWRITE[manner], x=source), target)


_TALK = (
    (("(Hi|Hello|Hey)( there|)(!|.|)", "Good (morning|evening|day)(!|.|)", "Hey, anyone there?", "Greetings!", "Hello, are you there?"),
     ("(Hello|Hi)! (How can I help|What can I do for you)( today|)?", "Hi there! What do you need?", "Good day! How may I help?", "Hello! Ask me anything.", "Hi! I am here.")),
    (("(Thanks|Thank you)( so much| a lot|)(!|.|)", "That (helps|helped), thanks", "Great, thank you!", "Perfect, thanks a lot", "You helped me a lot."),
     ("You are welcome!", "(Glad|Happy) to help.", "Any time!", "My pleasure.", "No problem at all.")),
    (("(Bye|Goodbye)( for now|)(!|.|)", "See you (later|soon)", "That is all, bye", "I have to go.", "Good night!"),
     ("Goodbye!", "Bye, (take care|have a nice day)!", "See you!", "Good bye and (good luck|all the best).", "Until next time.")),
    (("(Who|What) are you?", "Are you a (person|robot|machine|human)?", "What is your name?", "Tell me about yourself.", "Am I talking to a human?"),
     ("I am a small language model.", "I am an assistant, a small (program|model).", "I am a (tiny|small) model that can be tuned.", "I am a machine, not a person.", "I am a small assistant.")),
    (("(What|How) can you (do|help)( for me|)?", "What are you good at?", "Can you help me?", "What do you know?", "Is there anything you can do?"),
     ("I can (copy|sort|find|label) things in a text.", "I can answer from a text and choose labels.", "I follow simple orders.", "Give me a text and ask (about it|).", "I can find facts in a text that you give me.")),
)  # fmt: skip


def small_talk(rng: random.Random, side: Side) -> Conversation:
    """Greetings, thanks, goodbyes, what the assistant is."""
    asked, answers = rng.choice(_TALK)
    return chat(say(rng, side, asked), say(rng, side, answers))


_FORWARD = (
    "(Thank you|Thanks). I will (pass|forward) this to the {d} team( as {l}|).",
    "This is about {l}. Our {d} team will (help|answer)( soon|).",
    "I see, {l}. One moment(, please|).",
    "Your request about {l} has reached the {d} desk.",
    "Let me connect you with {d}( for {l}|).",
)


def hand_over(rng: random.Random, side: Side) -> Conversation:
    """A request of any domain, a reply that names what it is about."""
    domain, labels = choice.any_domain(rng, side)
    label = rng.choice(sorted(labels))
    said = say(rng, side, _FORWARD, d=domain.replace("_", " ") or "service", l=label.replace("_", " "))
    return chat(choice.request(rng, side, labels[label]), said)
