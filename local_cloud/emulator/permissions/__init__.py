"""Who may do what: which permissions a method needs, which a role has, and where policies are looked up."""
