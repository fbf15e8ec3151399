"""Counts the calls of expensive methods."""


def count_calls(monkeypatch, cls, *names):
    """A dictionary that counts the calls of some methods of a class from now on."""
    counts = dict.fromkeys(names, 0)
    for name in names:
        original = getattr(cls, name)

        def counted(self, *arguments, _name=name, _method=original, **options):
            counts[_name] += 1
            return _method(self, *arguments, **options)

        monkeypatch.setattr(cls, name, counted)
    return counts
