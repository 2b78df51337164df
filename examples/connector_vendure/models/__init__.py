from . import backend, binding, order, partner, product
