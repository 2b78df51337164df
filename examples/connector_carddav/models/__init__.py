from . import carddav_backend, carddav_res_partner
