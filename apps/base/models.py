"""No tables of its own. With this module Django tells the app when migrations are done: then it grants rights."""
