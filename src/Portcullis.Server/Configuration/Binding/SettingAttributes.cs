namespace Portcullis.Server.Configuration.Binding;

/// <summary>A file or folder. A relative one counts from the configuration file's folder, one in an environment variable from the current folder; <c>{data}</c> at its beginning is the setting <c>data</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FilePathAttribute : Attribute
{
    /// <summary>Whether the file has to be there when the program starts and the setting is given.</summary>
    public bool MustExist { get; init; }
}

/// <summary>A path, unless it begins with <c>https://</c> or <c>http://</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FilePathOrUrlAttribute : Attribute;

/// <summary>A number of bytes.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SizeAttribute : Attribute;

/// <summary>The value may be a secret: no message shows it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;

/// <summary>The bounds of a number, a size or a duration, both included, written as in the file.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BetweenAttribute(string least, string most) : Attribute
{
    /// <summary>The smallest value.</summary>
    public string Least { get; } = least;

    /// <summary>The largest value.</summary>
    public string Most { get; } = most;

    /// <summary>Whether 0 is accepted besides.</summary>
    public bool OrZero { get; init; }
}

/// <summary>The only texts accepted, of a text or of each item of a list.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OneOfAttribute(params string[] words) : Attribute
{
    /// <summary>The texts.</summary>
    public IReadOnlyList<string> Words { get; } = words;
}

/// <summary>Each item is a permission of <c>docs/spec/permissions.md</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PermissionsAttribute : Attribute;

/// <summary>What the default is, where it is no constant.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DefaultTextAttribute(string text) : Attribute
{
    /// <summary>Words for the reference.</summary>
    public string Text { get; } = text;
}
