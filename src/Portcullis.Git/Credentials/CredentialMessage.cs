using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;

namespace Portcullis.Git.Credentials;

/// <summary>
/// A message between git and a credential helper: attributes <c>key=value</c>, one on each line, up to an empty line or the end (git-credential(1) "INPUT/OUTPUT FORMAT").
/// A newline, carriage return or NUL inside an attribute is refused both ways: with one, the credential of one host was once given to another
/// (CVE-2020-5260, CVE-2024-52006). Immutable; printing it never shows a value.
/// </summary>
public sealed class CredentialMessage
{
    /// <summary>The longest line, its newline included, as git-credential(1) has it.</summary>
    public const int MaxLineLength = 65535;

    /// <summary>The longest message that is read, in bytes.</summary>
    public const int MaxLength = 1024 * 1024;

    private readonly ImmutableArray<KeyValuePair<string, string>> _attributes;

    private CredentialMessage(ImmutableArray<KeyValuePair<string, string>> attributes) => _attributes = attributes;

    /// <summary>A message without attributes.</summary>
    public static CredentialMessage Empty { get; } = new([]);

    /// <summary>The attributes in their order, unknown ones included.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Attributes => _attributes;

    /// <summary><c>protocol</c>: <c>https</c>, <c>http</c> or another scheme; null when absent.</summary>
    public string? Protocol => Get("protocol");

    /// <summary><c>host</c>: the host, with its port when the URL has one; null when absent.</summary>
    public string? Host => Get("host");

    /// <summary><c>path</c>: the path on the host, sent only with <c>credential.useHttpPath</c>; null when absent.</summary>
    public string? Path => Get("path");

    /// <summary><c>username</c>; null when absent.</summary>
    public string? UserName => Get("username");

    /// <summary><c>password</c>, a secret; null when absent.</summary>
    public string? Password => Get("password");

    /// <summary>Reads a message.</summary>
    /// <param name="bytes">Everything up to the end of the input; what stands behind an empty line is not looked at.</param>
    /// <returns>The message.</returns>
    /// <exception cref="CredentialFormatException">A line is no attribute, too long, or names for a second time what there can be only one of.</exception>
    public static CredentialMessage Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxLength)
        {
            throw new CredentialFormatException("The credential message is longer than 1 MiB.");
        }

        var attributes = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (line.IsEmpty)
            {
                break;
            }

            var attribute = ParseLine(line);
            if (!IsMultiple(attribute.Key) && attributes.Any(other => other.Key == attribute.Key))
            {
                throw new CredentialFormatException("The credential message names an attribute twice that there can be only once.");
            }

            attributes.Add(attribute);
        }

        return new(attributes.DrainToImmutable());
    }

    /// <summary>Gets an attribute that there can be only once.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>Its value; null when it is absent.</returns>
    public string? Get(string key)
    {
        foreach (var attribute in _attributes)
        {
            if (attribute.Key == key)
            {
                return attribute.Value;
            }
        }

        return null;
    }

    /// <summary>Gets all values of an attribute that there can be several times, such as <c>wwwauth[]</c> or <c>capability[]</c>.</summary>
    /// <param name="key">Its key, brackets included.</param>
    /// <returns>The values in their order; an empty one clears those before it.</returns>
    public IReadOnlyList<string> GetAll(string key)
    {
        var values = new List<string>();
        foreach (var attribute in _attributes)
        {
            if (attribute.Key == key)
            {
                if (attribute.Value.Length == 0)
                {
                    values.Clear();
                }
                else
                {
                    values.Add(attribute.Value);
                }
            }
        }

        return values;
    }

    /// <summary>The message with an attribute more.</summary>
    /// <param name="key">Its key; one that ends in <c>[]</c> may stand several times, another takes the place of the one before.</param>
    /// <param name="value">Its value.</param>
    /// <returns>A new message.</returns>
    /// <exception cref="CredentialFormatException">The key or the value can't be sent.</exception>
    public CredentialMessage With(string key, string value)
    {
        if (key.Length == 0 || key.Contains('=', StringComparison.Ordinal) || !IsLine(key) || !IsLine(value)
            || Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value) + 2 > MaxLineLength)
        {
            throw new CredentialFormatException("A credential attribute is too long or holds a newline, carriage return or NUL.");
        }

        return new((IsMultiple(key) ? _attributes : _attributes.RemoveAll(other => other.Key == key)).Add(new(key, value)));
    }

    /// <summary>Writes the message, with the empty line that ends it.</summary>
    /// <returns>The bytes, which may hold secrets.</returns>
    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        foreach (var (key, value) in _attributes)
        {
            text.Append(key).Append('=').Append(value).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.Append('\n').ToString());
    }

    /// <summary>The keys, without values.</summary>
    /// <returns>Text for messages.</returns>
    public override string ToString() => string.Join(' ', _attributes.Select(attribute => attribute.Key));

    private static KeyValuePair<string, string> ParseLine(ReadOnlySpan<byte> line)
    {
        var equals = line.IndexOf((byte)'=');
        if (equals <= 0 || line.Length >= MaxLineLength || line.ContainsAny((byte)0, (byte)'\r') || !Utf8.IsValid(line))
        {
            throw new CredentialFormatException("A line of the credential message is not 'key=value'.");
        }

        return new(Encoding.UTF8.GetString(line[..equals]), Encoding.UTF8.GetString(line[(equals + 1)..]));
    }

    private static bool IsMultiple(string key) => key.EndsWith("[]", StringComparison.Ordinal);

    private static bool IsLine(string text) =>
        !text.AsSpan().ContainsAny('\n', '\r', '\0') && Utf8.FromUtf16(text, new byte[text.Length * 3], out _, out _, replaceInvalidSequences: false) == System.Buffers.OperationStatus.Done;
}
