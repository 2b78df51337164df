"""What the flows need of Odoo and PostgreSQL. Nothing here knows a component."""
