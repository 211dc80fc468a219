"""No tables of its own. The module makes Django tell this app when migrations are done, which is when it grants rights."""
