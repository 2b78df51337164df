# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo connector scaffold``: a connector, and more kinds of records for it.

====================  ==================================================================
:mod:`.model_code`    A model, as the code of addons defines it
:mod:`.kind`          A kind of record, as the template needs it
:mod:`.template`      The files of the template
:mod:`.additions`     Lines that are added to files of the author
:mod:`.writing`       A new connector, and a kind of record that is added to one
====================  ==================================================================

The folder ``cli`` itself holds only commands, as Odoo loads each module of it as one.
"""
