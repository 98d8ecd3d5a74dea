using Portcullis.Access;

namespace Portcullis.Server.Configuration.Yaml;

/// <summary>A part of a YAML file, or of what stands in for one, with its place.</summary>
/// <param name="Location">Where it begins.</param>
internal abstract record YamlNode(SourceLocation Location);

/// <summary>A single value, as text: what it means is for its reader to say.</summary>
/// <param name="Text">The text, without quotes.</param>
/// <param name="IsPlain">Whether it stands without quotes.</param>
/// <param name="Location">Where it begins.</param>
internal sealed record YamlScalar(string Text, bool IsPlain, SourceLocation Location) : YamlNode(Location)
{
    /// <summary>Whether it is YAML's null: a key with nothing after it.</summary>
    public bool IsNull => IsPlain && Text is "" or "~" or "null";
}

/// <summary>A list.</summary>
internal sealed record YamlSequence(IReadOnlyList<YamlNode> Items, SourceLocation Location) : YamlNode(Location);

/// <summary>Keys with their values; no key stands twice.</summary>
internal sealed record YamlMapping(IReadOnlyList<YamlEntry> Entries, SourceLocation Location) : YamlNode(Location)
{
    /// <summary>The value of a key, or null.</summary>
    public YamlNode? Find(string key) => Entries.FirstOrDefault(entry => entry.Key.Text == key)?.Value;
}

/// <summary>A key and its value.</summary>
internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);
