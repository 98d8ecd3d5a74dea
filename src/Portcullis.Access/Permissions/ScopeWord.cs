using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Access.Permissions;

/// <summary>One word of what can be given: a permission of Git, or a scope of another service. Exactly one of the two is not null.</summary>
public readonly record struct ScopeWord
{
    private ScopeWord(Permission? permission, ServiceScope? scope) => (Permission, Scope) = (permission, scope);

    /// <summary>The permission.</summary>
    public Permission? Permission { get; }

    /// <summary>The scope.</summary>
    public ServiceScope? Scope { get; }

    /// <summary>Where it came from, for people.</summary>
    public string? Origin => Permission?.Origin ?? Scope?.Origin;

    /// <summary>A permission as a word.</summary>
    public static ScopeWord Of(Permission permission) => new(permission, null);

    /// <summary>A scope as a word.</summary>
    public static ScopeWord Of(ServiceScope scope) => new(null, scope);

    /// <summary>Reads a word: a permission when it begins with <c>git:</c>, and else a scope.</summary>
    /// <param name="text">One word and nothing else.</param>
    /// <param name="word">What it is.</param>
    /// <param name="error">What is wrong with the text.</param>
    /// <param name="origin">Where it came from, for people.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out ScopeWord word, [NotNullWhen(false)] out PermissionSyntaxError? error, string? origin = null)
    {
        if (text.StartsWith(Permissions.Permission.Prefix))
        {
            var isPermission = Permissions.Permission.TryParse(text, out var permission, out error, origin);
            word = new(permission, null);
            return isPermission;
        }
        var isScope = ServiceScope.TryParse(text, out var scope, out error, origin);
        word = new(null, scope);
        return isScope;
    }

    /// <summary>Reads a word known to be right.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static ScopeWord Parse(ReadOnlySpan<char> text, string? origin = null) =>
        TryParse(text, out var word, out var error, origin) ? word : throw new FormatException(error.ToString());

    /// <summary>The canonical text.</summary>
    public override string ToString() => Permission?.ToString() ?? Scope?.ToString() ?? "";
}
