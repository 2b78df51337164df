from . import odoo_backend, odoo_binding, odoo_order, odoo_partner, odoo_product
