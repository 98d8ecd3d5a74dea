using System.Diagnostics.CodeAnalysis;
using System.Text;
using Portcullis.Git.Names;

namespace Portcullis.Access.Permissions;

/// <summary>
/// One permission, <c>git:acme/app@refs/heads/agent/*:push</c>: certain actions on certain refs of certain repositories.
/// Permissions add up; an exclusion limits only the permission that it stands in. The notation is <c>docs/spec/permissions.md</c>.
/// Immutable; equal when their canonical texts are, wherever they came from.
/// </summary>
public sealed class Permission : IEquatable<Permission>
{
    /// <summary>The longest text accepted, in characters. A token has at most 8 KiB.</summary>
    public const int MaxLength = 8192;

    /// <summary>What every permission starts with; scopes that start otherwise are not ours.</summary>
    public const string Prefix = "git:";

    private readonly RefSelection _refs;
    private readonly string _text;

    internal Permission(RepositoryPattern repository, IReadOnlyList<RefPattern> refs, AccessAction actions, string? origin)
    {
        Repository = repository;
        _refs = new RefSelection(refs);
        Actions = actions;
        Origin = origin;
        IncludesEveryRef = _refs.IncludesEveryRef;
        _text = Write();
    }

    /// <summary>The repositories it is for.</summary>
    public RepositoryPattern Repository { get; }

    /// <summary>The refs it is for, in the order written: empty for every ref. Exclusions take out of what the others take in.</summary>
    public IReadOnlyList<RefPattern> Refs => _refs.Patterns;

    /// <summary>What it allows.</summary>
    public AccessAction Actions { get; }

    /// <summary>Where it came from, for people: <c>scope</c>, or <c>role developer, policy.yaml:12</c>. No part of its meaning.</summary>
    public string? Origin { get; }

    /// <summary>Whether it provably is for every ref.</summary>
    public bool IncludesEveryRef { get; }

    /// <summary>Reads the notation.</summary>
    /// <param name="text">One permission and nothing else.</param>
    /// <param name="permission">The permission.</param>
    /// <param name="error">What is wrong with the text.</param>
    /// <param name="origin">Becomes <see cref="Origin"/>.</param>
    public static bool TryParse(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out Permission? permission,
        [NotNullWhen(false)] out PermissionSyntaxError? error,
        string? origin = null) => PermissionParser.TryParse(text, origin, out permission, out error);

    /// <summary>Reads a permission known to be right: constants and tests.</summary>
    /// <exception cref="FormatException">The text is no permission.</exception>
    public static Permission Parse(ReadOnlySpan<char> text, string? origin = null) =>
        TryParse(text, out var permission, out var error, origin) ? permission : throw new FormatException(error.ToString());

    /// <summary>Whether it is for this ref.</summary>
    public bool IncludesRef(RefName reference) => _refs.Includes(reference);

    /// <summary>
    /// Whether it provably allows all that another one does. False when it does not, and in rare cases that are hard to prove.
    /// </summary>
    public bool Covers(Permission other)
    {
        if ((Actions & other.Actions) != other.Actions || !PatternAlgebra.Covers(Repository.Pattern, other.Repository.Pattern))
        {
            return false;
        }
        // `init` is a matter of the repository: refs do not limit it.
        return (other.Actions & ~AccessAction.Init) == 0 || PermissionAlgebra.Covers(_refs, other._refs);
    }

    /// <summary>The same with another origin.</summary>
    public Permission WithOrigin(string? origin) => new(Repository, Refs, Actions, origin);

    /// <inheritdoc/>
    public bool Equals(Permission? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Permission);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The canonical text, which reads back to an equal permission.</summary>
    public override string ToString() => _text;

    private string Write()
    {
        var text = new StringBuilder(Prefix).Append(Repository);
        var separator = '@';
        foreach (var reference in Refs)
        {
            text.Append(separator).Append(reference);
            separator = ',';
        }
        return text.Append(':').Append(AccessActionWords.Format(Actions)).ToString();
    }
}
