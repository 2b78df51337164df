from . import (
    test_access,
    test_adapter,
    test_backend,
    test_exporter,
    test_http,
    test_mapper,
    test_vcard,
)
