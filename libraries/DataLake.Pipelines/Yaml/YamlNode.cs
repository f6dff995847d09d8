namespace DataLake.Pipelines.Yaml;

/// <summary>A value in a YAML file, and where it stands.</summary>
internal abstract record YamlNode(Position At);

/// <summary>Text. <paramref name="IsPlain"/>: it has no quotes, so YAML may take it for a number, a truth value or null.</summary>
internal sealed record YamlScalar(Position At, string Value, bool IsPlain) : YamlNode(At);

/// <summary>A list.</summary>
internal sealed record YamlList(Position At, IReadOnlyList<YamlNode> Items) : YamlNode(At);

/// <summary>Keys and values, in the order of the file; a key that comes twice is kept once, with its first value.</summary>
internal sealed record YamlMap(Position At, IReadOnlyList<YamlEntry> Entries) : YamlNode(At);

/// <summary>One key and its value.</summary>
internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);

/// <summary>A value that was refused already; nothing more needs to be said of it.</summary>
internal sealed record YamlUnusable(Position At) : YamlNode(At);
