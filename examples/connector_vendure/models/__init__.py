from . import backend, binding
