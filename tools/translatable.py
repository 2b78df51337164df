# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts that are stored once, and shown to each reader in their own language.

A job translates its texts to the language of its user. So its row keeps the terms and
their arguments, too, as JSON: a text or number is itself, a list is its parts one after
the other, and a dict is a term with the addon that translates it and its arguments. A
masked text, which stands for many records, leaves out a term that is ``of_one`` record.
"""

from numbers import Number

from odoo.tools.translate import LazyGettext, get_translated_module, get_translation


class TranslatableText(str):
    """A text in the language of a user that can be shown in other languages, too.

    It behaves like the ``str`` that ``env._`` returns. Formatting, slicing and adding
    return a plain ``str``; use :func:`joined`, or make it an argument of a term.

    :param terms: the JSON that stores it
    :param lang: code of the language of the text
    """

    def __new__(cls, terms, lang):
        text = super().__new__(cls, shown_in(lang, terms))
        text.terms, text.lang = terms, lang
        return text

    def __getnewargs__(self):
        return self.terms, self.lang

    def __str__(self):
        return self  # also as the message of an error


class translatable:  # noqa: N801  (it is called like a function)
    """Translate terms to :class:`TranslatableText`: ``translatable(env)._("...")``.

    :param env: ``Environment``, for the language
    """

    def __init__(self, env):
        self.lang = language_of(env)

    def _(self, source, *args, **kwargs):
        """Translate a term as ``env._`` does, with arguments by place or by name.

        :param source: a literal text, or a term of ``LazyTranslate``
        :rtype: TranslatableText
        """
        if isinstance(source, LazyGettext):
            module, source = source._module, source._source
        else:
            module = get_translated_module(2)
        term = {"addon": module, "term": source}
        if kwargs:
            term["args"] = {name: terms_of(value) for name, value in kwargs.items()}
        elif args:
            term["args"] = list(map(terms_of, args))
        return TranslatableText(term, self.lang)


def plural(one, many):
    """Return the first of two texts if the argument ``count`` of the second one is 1.

    It stays right if the count is changed in what is stored.

    :rtype: TranslatableText
    """
    return TranslatableText({**many.terms, "one": one.terms["term"]}, many.lang)


def in_each_language(env, text):
    """Return a text that the database or Odoo translates, such as a label.

    :param env: ``Environment``, for the language
    :param text: called with an ``Environment`` in each language of Odoo; returns the
        text in it
    :rtype: TranslatableText
    """
    texts = {
        lang: text(env(context={**env.context, "lang": lang}))
        for lang, _name in env["res.lang"].get_installed()
    }
    return TranslatableText({"in": texts}, language_of(env))


def language_of(env):
    """Return the code of the language in which an environment speaks."""
    return env.lang or "en_US"


def terms_of(value):
    """Return the JSON that stores a text, or an argument of one."""
    terms = getattr(value, "terms", None)
    if terms is not None:
        return terms
    return value if isinstance(value, Number) else str(value)


def joined(texts, separator=""):
    """Return one text of several, like ``separator.join(texts)``.

    :param texts: texts, some of which are translatable
    :rtype: str
    """
    texts = list(texts)
    langs = {text.lang for text in texts if isinstance(text, TranslatableText)}
    if len(langs) != 1:
        return separator.join(texts)
    parts = [part for text in texts for part in (separator, terms_of(text))]
    return TranslatableText(parts[1:], *langs)


def shown_in(lang, terms, mask=None):
    """Return a stored text in a language.

    :param lang: code of the language, such as ``"de_DE"``
    :param terms: the JSON that stores it
    :param mask: called with the name of an argument, ``""`` without one, and its text;
        returns the text to show
    :rtype: str
    """
    return _shown(lang, terms, "", mask or _unmasked)


def _shown(lang, terms, name, mask):
    if isinstance(terms, list):
        return "".join(_shown(lang, part, name, mask) for part in terms)
    if not isinstance(terms, dict):
        return mask(name, str(terms))
    if terms.get("of_one") and mask is not _unmasked:
        return ""
    if texts := terms.get("in"):
        return mask(name, texts.get(lang) or next(iter(texts.values())))
    source, args = terms["term"], terms.get("args") or ()
    if isinstance(args, dict):
        if args.get("count") == 1:
            source = terms.get("one", source)
        args = {key: _argument(lang, args[key], key, mask) for key in args}
    else:
        args = tuple(_argument(lang, each, "", mask) for each in args)
    return get_translation(terms["addon"], lang, source, args)


def _argument(lang, terms, name, mask):
    if isinstance(terms, Number) and mask is _unmasked:
        return terms  # for terms with "%d"
    return _shown(lang, terms, name, mask)


def _unmasked(_name, text):
    return text
