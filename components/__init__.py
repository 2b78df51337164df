from . import (
    backend_adapter,
    binder,
    core,
    listener,
    locker,
    mapper,
    synchronizer,
)
