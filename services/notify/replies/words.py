"""The words a reply is read by. All are folded: lower case, no accents, no punctuation.

Keywords come from the US rules of 2024-25 on revoking consent (stop, quit, end, revoke, opt out, cancel,
unsubscribe are valid by themselves) and the lists of the large messaging providers; the Spanish ones are ours.
`TD`, which some Canadian lists have, is left to a person: here it is no word.
"""

from services.notify.texts.folding import fold

# The whole message, courtesies aside, is one of these: opted out at once.
OPT_OUT = frozenset(
    {
        "stop", "stopall", "stop all", "unsubscribe", "unsubscribe all", "end", "quit", "revoke", "optout",
        "opt out",
        "optout all", "remove", "remove me", "opt me out", "unsubscribe me", "stop stop", "arret", "td",
        fold("стоп").text,
        "unsuscribe", "unsubcribe", "unsubscribed", "take me off", "take me off your list",
        "take me off the list",
        "remove me from your list", "remove me from the list", "i quit", "i revoke", "i revoke consent",
        "revoke consent", "i opt out", "i want to opt out", "i want to unsubscribe", "no more texts",
        "no more messages", "no more text messages",
        "alto", "alto todo", "parar", "parar todo", "pare", "paren", "para", "detener", "detenga", "detengan",
        "detenganse", "basta", "baja", "dar de baja", "darme de baja", "deme de baja", "dame de baja",
        "denme de baja",
        "desuscribir", "desuscribirme", "desuscribirse", "anular suscripcion", "cancelar suscripcion", "fin",
        "salir",
        "terminar", "termine", "revocar", "revoco", "eliminar", "eliminarme", "quitar", "quitarme", "quitenme",
        "no mas", "no mas mensajes", "no mas textos", "ya no mas", "ya no mas mensajes",
        "ya no quiero mensajes",
        "no quiero mensajes", "no quiero mas mensajes",
    }
)  # fmt: skip
OPT_OUT_SPANISH_ONLY = frozenset({"quite", "quiten"})  # "quite" is an English word too

# Strong enough to act as one clause of a longer message ("Stop. Who is this?") or among soft words ("ok stop now").
STRONG_OPT_OUT = frozenset(
    {
        "stop", "stop all", "stopall", "unsubscribe", "unsubscribe me", "optout", "opt out", "remove me",
        "no more texts", "no more messages", "alto", "basta", "no mas mensajes", "no mas textos",
    }
)  # fmt: skip
SOFT_WORDS = frozenset(
    {"ok", "okay", "yes", "si", "just", "now", "already", "immediately", "again", "and", "y", "ya", "ahora"}
)
WISHES = (("i", "want", "to"), ("i", "would", "like", "to"), ("id", "like", "to"), ("i", "said"), ("quiero",))

# Opts out as well, and staff ask about the visit: the person may have meant the appointment.
OPT_OUT_AND_ASK = frozenset(
    {
        "cancel",
        "cancel all",
        "cancell",
        "cancelled",
        "cancela",
        "cancelar",
        "cancele",
        "cancelen",
        "cancelado",
    }
)

OPT_IN = frozenset(
    {
        "start", "unstop", "restart", "opt in", "optin", "opt me in", "opt me back in",
        "start texts", "start again", "resubscribe", "iniciar", "inicie",
        "reanudar",
        "reanude", "empezar", "empiece", "comenzar", "comience", "activar", "reactivar",
    }
)  # fmt: skip
HELP = frozenset(
    {"help", "info", "information", "ayuda", "ayudar", "ayudeme", "informacion", "info help", "help info"}
)

# After one of the strong first words, these make it plain that texts are meant: "stop texting me".
STOP_FIRST = frozenset(
    {"stop", "opt", "quit", "end", "unsubscribe", "remove", "cancel", "alto", "paren", "pare", "dejen", "deje",
     "cancelar",
     "detener", "terminar"}
)  # fmt: skip
ABOUT_TEXTS = frozenset(
    {
        "text", "texts", "texting", "txt", "txts", "sms", "message", "messages", "messaging", "msg", "msgs",
        "alerts",
        "reminders", "notifications", "contacting", "calling", "sending", "subscription", "list", "mensaje",
        "mensajes",
        "texto", "textos", "enviar", "enviarme", "enviando", "mandar", "mandarme", "mandando", "escribir",
        "escribirme", "recordatorios", "avisos", "notificaciones", "contactarme", "llamar", "llamarme",
        "suscripcion",
        "lista",
    }
)  # fmt: skip
SMALL_WORDS = frozenset(
    {
        "a", "all", "any", "anymore", "at", "from", "future", "getting", "i", "immediately", "it", "me", "more",
        "my", "out", "with",
        "now", "number", "of", "on", "phone", "receiving", "the", "these", "this", "those", "to", "you", "your",
        "us",
        "ahora", "al", "celular", "de", "el", "esta", "este", "estos", "la", "las", "los", "mas", "mi",
        "numero", "por",
        "recibir", "su", "sus", "telefono", "todos", "ya", "con",
    }
)  # fmt: skip

CODES = {"c": "confirm", "r": "reschedule", "x": "cannot_come"}
CONFIRM = frozenset(
    {
        "confirm", "confirmed", "i confirm", "confirming", "confirm visit", "confirm appointment",
        "confirm my appointment", "i confirm my appointment", "confirmo", "confirmar", "confirmado",
        "confirmada",
        "confirmo mi cita", "confirmo la cita", "confirmar cita", "confirmar mi cita", "si confirmo",
        "yes confirm",
        "yes confirmed", "yes i confirm", "confirmo asistencia", "confirmo mi asistencia",
        "si confirmo mi cita", "si confirmo la cita", "confirmo que voy", "quiero confirmar",
        "quiero confirmar mi cita",
        "id like to confirm", "i would like to confirm", "i want to confirm", "confirming my appointment",
    }
)  # fmt: skip
RESCHEDULE = frozenset(
    {
        "reschedule", "resched", "reschedule my appointment", "reschedule appointment", "i need to reschedule",
        "need to reschedule", "i want to reschedule", "i would like to reschedule", "id like to reschedule",
        "can i reschedule", "can we reschedule", "reschedule me", "change my appointment",
        "move my appointment", "reprogramar", "reprogramar cita", "reprogramar mi cita", "reagendar",
        "reagendar mi cita", "cambiar cita", "cambiar mi cita", "cambiar la cita", "quiero cambiar mi cita",
        "quiero cambiar la cita", "necesito cambiar mi cita", "necesito cambiar la cita",
        "necesito reprogramar",
        "necesito reprogramar mi cita", "quiero reprogramar", "quiero reprogramar mi cita",
        "puedo cambiar mi cita",
        "mover mi cita", "quisiera reprogramar", "quisiera reprogramar mi cita", "quisiera cambiar mi cita",
        "quisiera cambiar la cita", "quisiera cambiar la fecha", "cambiar la fecha", "quiero cambiar la fecha",
        "otra fecha",
    }
)  # fmt: skip
CANNOT_COME = frozenset(
    {
        "cant come", "cannot come", "i cant come", "i cannot come", "i can not come", "cant make it",
        "i cant make it",
        "cannot make it", "i cannot make it", "i wont make it", "wont make it", "i will not make it",
        "i wont be there",
        "i will not be there", "not coming", "im not coming", "i am not coming", "cant attend", "i cant attend",
        "i cannot attend", "no puedo ir", "no puedo venir", "no puedo asistir", "no podre ir",
        "no podre asistir",
        "no podre venir", "no voy a poder ir", "no voy a poder asistir", "no voy a ir", "no ire", "no asistire",
        "no puedo llegar", "no podre llegar", "no podremos ir", "no podremos asistir", "we cant make it",
        "we cannot make it",
        "we wont be there",
    }
)  # fmt: skip
CANCEL_VISIT = frozenset(
    {
        "cancel my appointment", "cancel appointment", "cancel the appointment", "cancel my appt",
        "cancel appt",
        "cancel my visit", "cancel visit", "cancel the visit", "i need to cancel", "need to cancel",
        "i need to cancel my appointment", "i want to cancel my appointment", "i have to cancel",
        "have to cancel",
        "i have to cancel my appointment", "cancelar cita", "cancelar mi cita", "cancelar la cita",
        "quiero cancelar", "quiero cancelar mi cita", "quiero cancelar la cita", "necesito cancelar mi cita",
        "necesito cancelar",
        "necesito cancelar la cita", "tengo que cancelar", "tengo que cancelar mi cita", "cancele mi cita",
        "cancelen mi cita",
    }
)  # fmt: skip

AFFIRMATIONS = frozenset(
    {
        "y", "yes", "yep", "yeah", "yup", "ya", "ok", "okay", "k", "sure", "si", "sip", "claro", "vale",
        "bueno",
        "de acuerdo", "esta bien", "will do", "see you then", "ill be there", "i will be there", "ahi estare",
        "alli estare", "listo", "perfecto", "perfect", "great", "sounds good", "yes i will be there", "got it",
        "yes ill be there",
        "see you tomorrow", "nos vemos manana", "hasta manana", "ahi nos vemos", "si ahi estare",
        "si alli estare", "si ire", "si voy", "si voy a ir", "si asistire", "ahi estaremos", "si ahi estaremos",
        "alli estaremos",
        "voy a ir", "asistire", "that works", "yes that works", "we will be there", "well be there", "c u then",
        "c u tomorrow", "c u soon", "c ya", "c you then", "c you tomorrow",
    }
)  # fmt: skip
NEGATIONS = frozenset({"n", "no", "nope", "nah", "no no", "no puedo", "i cant", "cant"})
COURTESIES = frozenset(
    {"thanks", "thank you", "thank u", "thx", "ty", "thank you so much", "many thanks", "gracias",
     "muchas gracias",
     "mil gracias", "youre welcome", "de nada", "good morning", "buenos dias", "buenas tardes", "hello", "hi",
     "hola",
     "have a nice day", "bye", "adios", "ok thanks", "ok thank you", "ok gracias"}
)  # fmt: skip

# Dropped from the ends before a message is compared; never a whole message by themselves.
FILLERS = frozenset(
    {
        "please", "pls", "plz", "thanks", "thank", "you", "thx", "ty", "gracias", "por", "favor", "porfavor",
        "porfa",
        "sorry", "perdon", "disculpe", "disculpen", "hi", "hello", "hola", "hey",
    }
)  # fmt: skip
BEFORE_CODE = frozenset(
    {
        "yes", "ok", "okay", "si", "please", "hi", "hello", "hola", "sorry", "perdon", "disculpe", "reply",
        "answer",
        "option", "opcion", "respondo", "responda", "letra", "letter",
    }
)  # fmt: skip
BEFORE_C = BEFORE_CODE | {"i", "will", "ill", "be", "there", "confirm", "confirmed", "confirmo"}
AFTER_CODE = FILLERS | frozenset(
    {"yes", "si", "ok", "okay", "confirm", "confirmed", "confirmo", "muchas", "so", "much", "very", "lo",
     "siento", "see", "then",
     "tomorrow", "there", "i", "ill", "will", "be", "nos", "vemos", "manana", "ahi", "estare", "cita", "mi",
     "u", "all", "again", "for", "reminder", "the"}
)  # fmt: skip
