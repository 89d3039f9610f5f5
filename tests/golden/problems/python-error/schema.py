SCHEMA = undefined
