from . import backend, binding, product, sale
