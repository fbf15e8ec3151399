"""How often a fit asks for what costs."""


def count_calls(monkeypatch, cls, *names):
    """A dictionary of how often some methods of a class are called from now on."""
    counts = dict.fromkeys(names, 0)
    for name in names:
        original = getattr(cls, name)

        def counted(self, *arguments, _name=name, _method=original, **options):
            counts[_name] += 1
            return _method(self, *arguments, **options)

        monkeypatch.setattr(cls, name, counted)
    return counts
