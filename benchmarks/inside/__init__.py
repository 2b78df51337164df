"""Code for a fresh process with Odoo, with one of the two frameworks.

Modules stand on one another in this order: profiler, database, meter < context <
population, mapping, imports, exports, jobs < sizes < crowd; screens stands on nothing.
The bench starts it as a program of its own.
"""
