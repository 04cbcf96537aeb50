"""Which keys are named for a secret. This word list carries nearly all of the precision."""

import re
from enum import IntEnum
from itertools import pairwise


class Suspicion(IntEnum):
    """How strongly a key's name alone says that its value is a credential."""

    NONE = 0
    WEAK = 1
    """Only a value that looks machine-made is taken for a credential (`CACHE_KEY` is nobody's secret)."""
    STRONG = 2


def word_set(text: str) -> frozenset[str]:
    """Read a set of words from a text, so that a list stays readable."""
    return frozenset(text.split())


SECRET_WORDS = word_set(
    """
    password passwd passphrase passcode pass passwort pw pwd pswd psk secret token credential cred creds pin
    salt pepper apikey authtoken accesstoken accesskey secretkey privatekey authkey signingkey encryptionkey
    masterkey pat userpass userpassword adminpass adminpassword dbpass dbpassword rootpassword rootpass
    pgpassword pgpass mysqlpassword requirepass masterauth storepass keypass sshpass authpassword bindpw
    systemaccesstoken basicauth bearer jwt
    """
)
WEAK_WORDS = word_set(
    """
    tokens secrets passwords credentials keys apikeys key auth dsn signature seed hmac cookie otp totp webhook
    """
)
SECRET_BEFORE_KEY = word_set(
    """
    api private signing sign account encryption encrypt decryption access secret master storage shared client
    jwt session cookie hmac deploy license licence auth app application admin webhook service fernet crypto
    cipher flask django subscription integration server registry bot vapid
    """
)
SECRET_PAIRS = frozenset(
    [(word, "key") for word in SECRET_BEFORE_KEY]
    + [
        ("api", "hash"),
        ("session", "string"),
        ("redis", "auth"),
        ("http", "auth"),
        ("basic", "auth"),
        ("docker", "auth"),
    ]
    + [("pass", "phrase"), ("pass", "word"), ("access", "code"), ("recovery", "code"), ("encryption", "seed")],
)
ABOUT_BEFORE = word_set(
    """
    max min maximum minimum public publishable cache primary foreign partition sort shard routing index object
    num number total count input output prompt completion context stop pad eos bos sep unk next page
    continuation continue no has is requires show hide reset forgot change update rotate generate validate check
    verify idempotency existing pull csrf xsrf cancellation estimate allow disallow persist with without host
    known site anon hot short keyboard ssh2 device translation tls2 allowed request use using enable disable
    enabled disabled by per from instrumentation gpg pgp
    """
)
ABOUT_AFTER = word_set(
    """
    file files filename path paths url urls uri ttl name names arn header headers id ids min max minimum maximum
    policy policies env environment variable var type length len size count limit limits expiry expires expire
    expiration expired lifetime timeout age rotation rotate interval days hours minutes seconds ms algorithm alg
    algo method endpoint host hostname port issuer audience scope scopes provider manager store source src ref
    refs reference field column param params parameter parameters prefix suffix format regex pattern hint
    enabled enable disabled disable required require allowed validation validator validators validity rule rules
    strength complexity encoder hasher hash rounds version versions mode usage budget cost price per window dir
    directory folder mount mounts volume bucket region engine role class label labels selector namespace from
    stdin reset change update created updated status state info metadata config plugin plugins helper server
    service username user login email encoding entropy list through phase fd filter filters generator backend
    storage handler extractor cookie samesite template text title message description desc placeholder prompt
    attempts retries retry history forgot confirmation confirm page link form expiring renewal renew sync driver
    kind location lookup rate quota limiter bytes chars characters fetcher factory iss aud delimiter separator
    mechanism types profile profiles stores style display authentication review mgr broker brokers lifespan spec
    """
)
PUBLIC_PAIRS = frozenset((word, "key") for word in ("site", "publishable", "public", "anon", "instrumentation"))
_OF_THE_SHELL = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK"})
"""Every shell sets them: a directory, and the address of an agent."""
_BOUNDARY = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TRAILING_DIGITS = re.compile(r"\d+$")


def words(key: str) -> tuple[str, ...]:
    """Split a key into lower-case words: `dbPassword`, `DB_PASSWORD` and `db.password` are the same two."""
    parts = (_TRAILING_DIGITS.sub("", part.lower()) for part in _BOUNDARY.split(key[:200]))
    return tuple(part for part in parts if part)


def suspicion(key: str) -> Suspicion:
    """Judge a key by its words: a secret word, unless a word about it (`_file`, `max_`) says otherwise."""
    if key in _OF_THE_SHELL:
        return Suspicion.NONE
    if key == key.upper():
        key = key.lower()
    parts = words(key)
    found = _secret_position(parts)
    if found is None:
        return Suspicion.NONE
    last, strength = found
    if ABOUT_AFTER.intersection(parts[last + 1 :]) or ABOUT_BEFORE.intersection(parts[:last]):
        return Suspicion.NONE
    if "key" in parts[last + 1 :] and parts[last] != "secret":
        return Suspicion.WEAK  # `adminPasswordKey` names an entry of a secret store
    return strength


def is_public(key: str) -> bool:
    """Tell a key whose value is made to be published: `RECAPTCHA_SITE_KEY`."""
    parts = words(key.lower() if key == key.upper() else key)
    return any(pair in PUBLIC_PAIRS for pair in pairwise(parts))


def _secret_position(parts: tuple[str, ...]) -> tuple[int, Suspicion] | None:
    for at in range(len(parts) - 1, -1, -1):
        if parts[at] in SECRET_WORDS or parts[max(0, at - 1) : at + 1] in SECRET_PAIRS:
            return at, Suspicion.STRONG
    for at in range(len(parts) - 1, -1, -1):
        if parts[at] in WEAK_WORDS:
            return at, Suspicion.WEAK
    return None
