"""Longer signs in a reply: a machine answering, a tapped reaction, a plea to stop, danger, a wrong number.

Every function takes the plain text: folded (`texts.folding.fold`) and without apostrophes, so `don't` is `dont`.
"""

import re

# What an answering machine or a driving mode writes.
_AUTOMATIC = (
    r"auto(?:matic|mated)?[ -]?(?:reply|response|responder)",
    r"automatic(?:ally)? (?:message|generated)",
    r"out of (?:the )?office",
    r"(?:im|i am) (?:currently |now )?(?:driving|busy|unavailable).{0,40}(?:i will|ill) (?:reply|respond|get back|see)",
    r"do not disturb while driving",
    r"(?:i will|ill) (?:see|get|read) your message when",
    r"(?:number|mailbox|inbox|line|phone) (?:is )?(?:not|no longer) (?:monitored|in service)",
    r"(?:unable to|cannot|does not) (?:receive|accept) (?:text|messages|sms)",
    r"undeliverable|could not be delivered|message block(?:ed|ing is active)|^free ?msg|sent from my car",
    r"respuesta automatica|mensaje automatico|contestador automatico|fuera de (?:la )?oficina",
    r"estoy (?:manejando|conduciendo).{0,40}(?:respond|contest|llam)",
    r"(?:numero|linea) no (?:recibe|acepta) mensajes",
    r"(?:reply|text|txt|send) stop to (?:end|quit|cancel|unsubscribe|opt)|(?:envie|responda) alto para",
)
# Phones that cannot show a tapped reaction send it as a sentence with the quoted text.
_REACTION = (
    r"(?:removed an? \w+ from|liked|loved|disliked|laughed at|emphasized|questioned|reacted .{0,12} to) [\"“«„]",
    r"(?:le gusto|le encanto|no le gusto|se rio de|enfatizo|cuestiono|reacciono .{0,12} a) [\"“«„]",
)
_PLEA = (
    r"\b(?:dont|do not|never|no longer|stop|quit|no)\b.{0,40}\b(?:text|texts|texting|txt|message|messages|messaging)\b",
    r"\b(?:dont|do not|never|no longer|stop|quit)\b.{0,40}\b(?:contact|contacting|bother|bothering|send|sending|sms)\b",
    r"\b(?:dont|do not|never|no longer|stop|quit)\b.{0,40}\b(?:call|calling|reminders?|writing)\b",
    r"\bstop (?:it|this|that|now|bothering)\b|leave me alone|lose my number|not interested|harass|\bspam",
    r"unsubscri|opt(?:ing)? ?out|withdraw (?:my )?consent|revoke",
    r"(?:take|remove|delete|erase) (?:me|my number|my phone)",
    r"\bno me (?:manden?|envien?|escriban?|molesten?|contacten?|llamen?|texteen?|escribas|mandes)\b",
    r"\b(?:ya )?no (?:quiero|deseo) (?:mas|recibir|que me|sus|mensajes|textos)",
    r"\bdej(?:en|e|a) de (?:enviar|mandar|escribir|molestar|llamar|textear)|\bparen de\b|dej(?:en|e|a)me en paz",
    r"\b(?:quiten?|borren?|eliminen?|saquen?)(?:me)? (?:mi numero|de (?:la|su) lista)|\bquiten?me\b",
    r"\bno mas (?:mensajes|textos|recordatorios|avisos)|\bdar(?:me)? de baja|\bno molesten?|acoso",
)
_NEGATED_STOP = (
    r"\b(?:dont|do not|never|no) (?:stop|unsubscribe|cancel|opt|remove|pares?|paren?|cancelen?)\b",
    r"keep (?:texting|sending)|sigan? (?:enviando|mandando)",
)
_WRONG_NUMBER = (
    r"wrong (?:number|person|phone|#)|numero equivocado|persona equivocada|se equivoc",
    r"who(?: is|s) (?:this|dis)|who are you|quien (?:es|habla|eres)|new phone",
    r"(?:he|she) (?:doesnt|does not|no longer) (?:live|have|use)|dont know (?:you|who)",
    r"(?:im|i am) not (?:him|her|a patient|the patient)|this (?:is not|isnt) (?:him|her)",
    r"no soy (?:el|ella|esa|ese|paciente|la)|no conozco",
    r"passed away|is deceased|\b(?:he|she) (?:died|is dead)|fallecio|murio",
)
# Someone should look before anything else. Not a diagnosis: words that must not wait their turn.
_URGENT = (
    r"\b911\b|\b988\b|emergenc|ambulanc",
    r"chest pain|dolor (?:de|en el) pecho|(?:cant|cannot) breathe|no puedo respirar",
    r"worst (?:headache|pain)|peor dolor",
    r"(?:cant|cannot) (?:move|feel|walk|pee|urinate)|no puedo (?:mover|sentir|caminar|orinar)",
    r"(?:legs?|arms?|face|groin) (?:is|are|went|going) numb|numb (?:legs?|arms?|face|groin)|se me (?:durm|duerm)",
    r"passed out|fainted|desmay|stroke\b|derrame|seizure|convulsi",
    r"suicid|kill (?:myself|me\b)|matarme|want to die|quiero morir|end (?:it all|my life)|hurt myself|hacerme dano",
    r"(?:im|i am|shes|hes|is|estoy) (?:at|in|en) (?:the |el |la )?(?:er|hospital|urgencias)\b",
    r"lost (?:control|my vision)|(?:cant|cannot) see (?:anything|out|well)|perdi (?:la vista|el control)",
    r"bleeding|sangrando",
    r"(?:cant|cannot) (?:go on|take (?:it|this) any ?(?:more|longer))",
    r"(?:dont|do not) want to (?:live|wake up|be (?:here|alive) any ?more)",
    r"acabar con (?:todo|mi vida)|me quiero matar|no quiero (?:vivir|despertar)|no aguanto mas",
    r"\bno puedo mas\b(?! (?:tarde|temprano|adelante|cerca))",
    r"no siento (?:las?|mis?|los?|el) (?:piernas?|brazos?|manos?|pies?|cara)",
)


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.DOTALL)


_AUTOMATIC_RE, _REACTION_RE, _PLEA_RE = _any_of(_AUTOMATIC), _any_of(_REACTION), _any_of(_PLEA)
_NEGATED_STOP_RE, _WRONG_NUMBER_RE, _URGENT_RE = (
    _any_of(_NEGATED_STOP),
    _any_of(_WRONG_NUMBER),
    _any_of(_URGENT),
)


def is_automatic(plain: str) -> bool:
    """Whether a machine wrote this."""
    return _AUTOMATIC_RE.search(plain) is not None


def is_reaction(plain: str) -> bool:
    """Whether this is a tapped reaction turned into words."""
    return _REACTION_RE.match(plain.lstrip()) is not None


def asks_to_stop(plain: str) -> bool:
    """Whether this may ask for no more texts, in the person's own words."""
    return _PLEA_RE.search(plain) is not None and _NEGATED_STOP_RE.search(plain) is None


def is_wrong_number(plain: str) -> bool:
    """Whether the reader may not be the patient."""
    return _WRONG_NUMBER_RE.search(plain) is not None


def is_urgent(plain: str) -> bool:
    """Whether a person should read this before any other reply."""
    return _URGENT_RE.search(plain) is not None
