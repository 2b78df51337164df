# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Connector: Chaos Test",
    "summary": "A small connector that ./dev/chaos interrupts everywhere",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["connector"],
    "data": ["security/ir.model.access.csv"],
}
