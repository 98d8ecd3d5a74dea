using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Access.Permissions;

/// <summary>
/// A scope that opens another service than Git, <c>grafana:read</c>: one word that is compared as a whole, and means what that service says. The one kind with a structure is
/// <c>registry:</c>, see <see cref="RegistryAccess"/>. Immutable; equal when their canonical texts are.
/// </summary>
public sealed class ServiceScope : IEquatable<ServiceScope>
{
    /// <summary>The longest text accepted of a scope without structure, in characters.</summary>
    public const int MaxLength = 256;

    /// <summary>What scopes of a container registry start with.</summary>
    public const string RegistryPrefix = "registry:";

    // The authority's own, which it gives by other rules: nobody's policy may give them by accident.
    private const string OwnPrefix = "portcullis:";

    private readonly string _text;

    private ServiceScope(string text, RegistryAccess? registry, string? origin) => (_text, Registry, Origin) = (text, registry, origin);

    /// <summary>What stands before the first colon.</summary>
    public string Service => _text[.._text.IndexOf(':', StringComparison.Ordinal)];

    /// <summary>What it opens in a container registry; null where it is another service's.</summary>
    public RegistryAccess? Registry { get; }

    /// <summary>Where it came from, for people. No part of its meaning.</summary>
    public string? Origin { get; }

    /// <summary>
    /// Whether a word of an OAuth scope is one of another service: a name, a colon and more, and not <c>git:</c>. Words without a colon (<c>openid</c>) are none, and those of the authority itself (<c>portcullis:admin</c>) neither.
    /// </summary>
    public static bool IsOne(ReadOnlySpan<char> word) =>
        !word.StartsWith(Permission.Prefix) && !word.StartsWith(OwnPrefix) && word.IndexOf(':') is > 0 and var colon && IsName(word[..colon]);

    /// <summary>Reads a scope.</summary>
    /// <param name="text">One scope and nothing else.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="error">What is wrong with the text.</param>
    /// <param name="origin">Becomes <see cref="Origin"/>.</param>
    public static bool TryParse(
        ReadOnlySpan<char> text, [NotNullWhen(true)] out ServiceScope? scope, [NotNullWhen(false)] out PermissionSyntaxError? error, string? origin = null)
    {
        scope = null;
        var message = Read(text, origin, out scope, out var position);
        error = message is null ? null : new PermissionSyntaxError(position, message, PermissionParser.Shown(text));
        return message is null;
    }

    /// <summary>The question about one repository of a container registry; null for what is no name of one.</summary>
    /// <param name="repository">Its name.</param>
    /// <param name="actions">What is asked for.</param>
    public static ServiceScope? ForRepository(string repository, RegistryActions actions) =>
        RegistryAccess.For(repository, actions) is { } registry ? Of(registry, null) : null;

    /// <summary>A scope of a container registry.</summary>
    internal static ServiceScope Of(RegistryAccess registry, string? origin) => new(RegistryPrefix + registry, registry, origin);

    /// <summary>The same in parts that have one action each, where it has actions.</summary>
    internal IEnumerable<ServiceScope> ByAction() => Registry is { } registry ? RegistryAccess.Each(registry.Actions).Select(action => Of(registry.With(action), Origin)) : [this];

    /// <summary>Whether it provably allows all that another does.</summary>
    public bool Covers(ServiceScope other) => Registry is { } wide && other.Registry is { } narrow ? wide.Covers(narrow) : Equals(other);

    /// <inheritdoc/>
    public bool Equals(ServiceScope? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ServiceScope);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The canonical text, which reads back to an equal scope.</summary>
    public override string ToString() => _text;

    // Returns the message of the mistake, or null.
    private static string? Read(ReadOnlySpan<char> text, string? origin, out ServiceScope? scope, out int position)
    {
        scope = null;
        position = 0;
        var isRegistry = text.StartsWith(RegistryPrefix);
        var longest = isRegistry ? Permission.MaxLength : MaxLength;
        if (text.Length > longest)
        {
            position = longest;
            return $"a scope has at most {longest} characters";
        }
        position = text.IndexOfAnyExceptInRange('!', '~');
        position = position < 0 ? text.IndexOfAny('"', '\\') : position;
        if (position >= 0)
        {
            return "a scope holds printable ASCII without spaces, quotation marks and backslashes";
        }
        position = 0;
        var colon = text.IndexOf(':');
        if (colon <= 0 || !IsName(text[..colon]))
        {
            return "a permission begins with 'git:', as in git:acme/app:pull; a scope of another service with that service's name, as in grafana:read";
        }
        var name = text[..colon];
        if (Resembles(name, "git") || (!isRegistry && Resembles(name, "registry")))
        {
            return $"did you mean '{(name.Length == 3 ? "git" : "registry")}:'? It is written just so";
        }
        if (text.StartsWith(OwnPrefix))
        {
            return "scopes that begin with 'portcullis:' can't be given by a policy";
        }
        if (isRegistry)
        {
            var message = RegistryAccess.Read(text[RegistryPrefix.Length..], out var registry, out position);
            position += RegistryPrefix.Length;
            scope = registry is null ? null : Of(registry, origin);
            return message;
        }
        position = colon + 1;
        if (position == text.Length)
        {
            return "what the scope opens is missing, as in grafana:read";
        }
        if (text.IndexOfAny("*{}") is >= 0 and var wild)
        {
            position = wild;
            return "a scope of another service is compared as a whole: '*', '{' and '}' have no meaning in it";
        }
        scope = new ServiceScope(text.ToString(), null, origin);
        return null;
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (!char.IsAsciiLetter(name[0]))
        {
            return false;
        }
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
            {
                return false;
            }
        }
        return true;
    }

    // Another case, or two letters changed over: what would read as a permission and be none.
    private static bool Resembles(ReadOnlySpan<char> name, string word)
    {
        if (name.Length != word.Length)
        {
            return false;
        }
        var letters = name.ToString().ToLowerInvariant().ToCharArray();
        var wanted = word.ToCharArray();
        Array.Sort(letters);
        Array.Sort(wanted);
        return letters.AsSpan().SequenceEqual(wanted);
    }
}
