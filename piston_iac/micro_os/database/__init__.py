"""The database that a first control host begins with: no content, and the schemas of all services.

Migrations tell the history of a schema from its beginning. At a first start that took minutes
and services waited. It is told once here, when the image is made.
"""
