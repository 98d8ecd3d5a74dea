using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Portcullis.Git.Lfs;

/// <summary>The query of <c>GET …/info/lfs/locks</c>: which locks to list.</summary>
public sealed record LfsLockQuery
{
    /// <summary>The longest cursor, in characters.</summary>
    public const int MaxCursorLength = 64;

    /// <summary>The longest query, in characters, still escaped.</summary>
    public const int MaxLength = 6 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Only the lock of this path.</summary>
    public string? Path { get; init; }

    /// <summary>Only the lock with this id.</summary>
    public string? Id { get; init; }

    /// <summary>Where to go on; null for the beginning.</summary>
    public string? Cursor { get; init; }

    /// <summary>How many locks to give at most; null for the server's own number.</summary>
    public long? Limit { get; init; }

    /// <summary>The ref that the client names, unchecked.</summary>
    public string? Reference { get; init; }

    /// <summary>Reads a query.</summary>
    /// <param name="query">What stands behind the question mark, escaped as in a form.</param>
    /// <param name="parsed">The query, or null.</param>
    /// <returns>False where a name is unknown or stands twice, or a value can't be read.</returns>
    public static bool TryParse(ReadOnlySpan<char> query, [NotNullWhen(true)] out LfsLockQuery? parsed)
    {
        parsed = null;
        var result = new LfsLockQuery();
        if (query.Length > MaxLength)
        {
            return false;
        }

        foreach (var range in query.IsEmpty ? default : query.Split('&'))
        {
            var pair = query[range];
            var equals = pair.IndexOf('=');
            if (equals < 0 || !TryUnescape(pair[(equals + 1)..], out var value))
            {
                return false;
            }

            // An empty value is one that is not given.
            value = value.Length == 0 ? null : value;
            switch (pair[..equals])
            {
                case "path" when result.Path is null && (value is null || LfsLockPath.IsValid(value)):
                    result = result with { Path = value };
                    break;
                case "id" when result.Id is null && value is null or { Length: <= 128 }:
                    result = result with { Id = value };
                    break;
                case "cursor" when result.Cursor is null && value is null or { Length: <= MaxCursorLength }:
                    result = result with { Cursor = value };
                    break;
                case "limit" when result.Limit is null && value is null:
                    break;
                case "limit" when result.Limit is null && LfsNumbers.TryParse(value, out var limit):
                    result = result with { Limit = limit };
                    break;
                case "refspec" when result.Reference is null && value is null or { Length: <= 1024 }:
                    result = result with { Reference = value };
                    break;
                default:
                    return false;
            }
        }

        parsed = result;
        return true;
    }

    private static bool TryUnescape(ReadOnlySpan<char> escaped, [NotNullWhen(true)] out string? text)
    {
        text = null;
        var bytes = new byte[escaped.Length];
        var length = 0;
        for (var index = 0; index < escaped.Length; index++)
        {
            var character = escaped[index];
            if (character == '%')
            {
                if (index + 2 >= escaped.Length
                    || !byte.TryParse(escaped.Slice(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[length]))
                {
                    return false;
                }

                length++;
                index += 2;
            }
            else if (character is > ' ' and <= '~')
            {
                bytes[length++] = character == '+' ? (byte)' ' : (byte)character;
            }
            else
            {
                return false;
            }
        }

        try
        {
            text = StrictUtf8.GetString(bytes, 0, length);
            return !text.Any(char.IsControl);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
