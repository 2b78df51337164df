from . import chaos_backend, chaos_item, chaos_item_binding, connector_create_intent
