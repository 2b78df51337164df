# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The company and the language in which the work for a backend is done."""

#: Key of a context: the language of the backend, which users do not choose.
LANGUAGE = "connector_language"


def in_company(records, company):
    """Return records whose environment works in a company first.

    :param company: record of ``res.company``; an empty one changes nothing
    :return: the records; as they are when their user may not work in the company
    """
    env = records.env
    if not company or company.id not in _accessible(env, company):
        return records
    if env.company == company:
        return records
    # Without any in the context, with_company() would leave this one only.
    records = records.with_context(allowed_company_ids=env.companies.ids)
    return records.with_company(company)


def in_companies_of(records, env):
    """Return records that work in the companies of another environment.

    :return: the records; as they are when their user may not work in these companies
    """
    ids = env.context.get("allowed_company_ids")
    if not ids or records.env.context.get("allowed_company_ids") == ids:
        return records
    companies = env["res.company"].browse(ids)
    if set(ids) - _accessible(records.env, companies):
        return records
    return records.with_context(allowed_company_ids=ids)


def _accessible(env, companies):
    return set(companies.ids if env.su else env.user._get_company_ids())


def in_language(records, language):
    """Return records that work in the language of a backend."""
    return records.with_context(**{"lang": language, LANGUAGE: language})


def in_language_of(records, env):
    """Return records in the language of the backend for which an environment works."""
    language = env.context.get(LANGUAGE)
    if not language or records.env.context.get("lang") == language:
        return records
    return records.with_context(lang=language)
