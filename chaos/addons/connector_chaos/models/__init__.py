from . import (
    chaos_backend,
    chaos_item,
    chaos_item_binding,
    chaos_item_import_binding,
    connector_create_intent,
)
