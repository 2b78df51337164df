from . import benchmark_category, benchmark_product
