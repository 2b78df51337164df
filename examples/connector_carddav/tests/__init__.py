from . import (
    test_access,
    test_adapter,
    test_backend,
    test_changes,
    test_conflicts,
    test_exporter,
    test_http,
    test_import_mapper,
    test_importer,
    test_listener,
    test_mapper,
    test_vcard,
)
