using System.Collections;
using System.Text.Json;

namespace Portcullis.Access.Permissions;

/// <summary>
/// Permissions that add up, and beside them <see cref="Scopes"/> of other services, which are given, narrowed and handed on by the same rules. As a list it is the permissions alone.
/// Immutable, in the order given; the empty set allows nothing.
/// </summary>
public sealed class PermissionSet : IReadOnlyList<Permission>
{
    /// <summary>The most permissions read from one token. Those beyond it grant nothing, and are reported.</summary>
    public const int MaxPermissionsInToken = 256;

    private readonly Permission[] _permissions;
    private readonly ServiceScope[] _scopes;

    private PermissionSet(Permission[] permissions, ServiceScope[] scopes) => (_permissions, _scopes) = (permissions, scopes);

    /// <summary>No permission and no scope.</summary>
    public static PermissionSet Empty { get; } = new([], []);

    /// <summary>The permissions.</summary>
    public IReadOnlyList<Permission> Permissions => _permissions;

    /// <summary>The scopes of other services.</summary>
    public IReadOnlyList<ServiceScope> Scopes => _scopes;

    /// <summary>All of it, word by word: the permissions, then the scopes.</summary>
    public IEnumerable<ScopeWord> Words => _permissions.Select(ScopeWord.Of).Concat(_scopes.Select(ScopeWord.Of));

    /// <summary>Whether there is neither a permission nor a scope.</summary>
    public bool IsEmpty => _permissions.Length == 0 && _scopes.Length == 0;

    /// <inheritdoc/>
    public int Count => _permissions.Length;

    /// <inheritdoc/>
    public Permission this[int index] => _permissions[index];

    internal ReadOnlySpan<Permission> Span => _permissions;

    /// <summary>The set of these permissions, each once.</summary>
    public static PermissionSet Of(params IEnumerable<Permission> permissions) => Of(permissions, []);

    /// <summary>The set of these permissions and scopes, each once.</summary>
    public static PermissionSet Of(IEnumerable<Permission> permissions, IEnumerable<ServiceScope> scopes)
    {
        var distinct = permissions.Distinct().ToArray();
        var others = scopes.Distinct().ToArray();
        return distinct.Length == 0 && others.Length == 0 ? Empty : new PermissionSet(distinct, others);
    }

    /// <summary>The set of these words, each once.</summary>
    public static PermissionSet OfWords(params IEnumerable<ScopeWord> words)
    {
        var all = words.ToArray();
        return Of(all.Select(word => word.Permission).OfType<Permission>(), all.Select(word => word.Scope).OfType<ServiceScope>());
    }

    /// <summary>
    /// Reads the permissions in an OAuth <c>scope</c> (RFC 6749 §3.3), and the scopes of other services. Words that are neither (<c>openid</c>) are ignored.
    /// One that can't be read grants nothing.
    /// </summary>
    /// <param name="scope">The claim's value; null and empty give the empty set.</param>
    /// <param name="problems">Takes what could not be read, at most <see cref="MaxPermissionsInToken"/> of them.</param>
    public static PermissionSet FromScope(string? scope, ICollection<PermissionSyntaxError>? problems = null) => FromClaims(scope, [], problems);

    /// <summary>Reads the permissions in a token's <c>scope</c> and its <c>authorization_details</c> (RFC 9396) of type <c>git_repository</c>.</summary>
    /// <param name="scope">The scope, or null.</param>
    /// <param name="details">The elements of <c>authorization_details</c>; those of other types are ignored.</param>
    /// <param name="problems">Takes what could not be read, at most <see cref="MaxPermissionsInToken"/> of them.</param>
    public static PermissionSet FromClaims(
        string? scope, IReadOnlyList<JsonElement> details, ICollection<PermissionSyntaxError>? problems = null)
    {
        var permissions = new List<Permission>();
        var scopes = new List<ServiceScope>();
        var seen = 0;
        foreach (var range in (scope ?? "").AsSpan().Split(' '))
        {
            var text = scope.AsSpan()[range];
            if (text.StartsWith(Permission.Prefix) && Next())
            {
                Take(Permission.TryParse(text, out var permission, out var error, "scope"), permission, error);
            }
            else if (ServiceScope.IsOne(text) && Next())
            {
                if (ServiceScope.TryParse(text, out var scopeOfService, out var error, "scope"))
                {
                    scopes.Add(scopeOfService);
                }
                else
                {
                    problems?.Add(error);
                }
            }
        }
        foreach (var detail in details)
        {
            if (AuthorizationDetail.IsOurs(detail) && Next())
            {
                Take(AuthorizationDetail.TryRead(detail, out var permission, out var error), permission, error);
            }
        }
        return Of(permissions, scopes);

        void Take(bool read, Permission? permission, PermissionSyntaxError? error)
        {
            if (read)
            {
                permissions.Add(permission!);
            }
            else
            {
                problems?.Add(error!);
            }
        }

        bool Next()
        {
            if (++seen == MaxPermissionsInToken + 1)
            {
                problems?.Add(new PermissionSyntaxError(
                    0, $"a token carries at most {MaxPermissionsInToken} permissions; this one and the following grant nothing", "..."));
            }
            return seen <= MaxPermissionsInToken;
        }
    }

    /// <summary>These and the others.</summary>
    public PermissionSet Union(PermissionSet other) =>
        other.IsEmpty ? this : IsEmpty ? other : Of(_permissions.Concat(other._permissions), _scopes.Concat(other._scopes));

    /// <summary>
    /// What both sets allow, with the origins of this one. Never more than either: where patterns overlap in ways too many to write down, less.
    /// What a set asks for comes back as it was written when the other covers it.
    /// </summary>
    public PermissionSet Intersect(PermissionSet other)
    {
        var common = new List<Permission>();
        foreach (var permission in _permissions)
        {
            if (other.Covers(permission))
            {
                common.Add(permission);
            }
            else
            {
                common.AddRange(other._permissions.SelectMany(wide => PermissionAlgebra.Intersect(permission, wide)));
            }
        }
        return Of(PermissionAlgebra.Simplify(common), ScopeAlgebra.Simplify(ScopeAlgebra.Intersect(_scopes, other._scopes)));
    }

    /// <summary>
    /// Whether this set provably allows all that the permission does. Each action may come from another of its permissions.
    /// False when it does not, and in rare cases that are hard to prove.
    /// </summary>
    public bool Covers(Permission permission)
    {
        foreach (var action in AccessActionWords.Each(permission.Actions))
        {
            var single = new Permission(permission.Repository, permission.Refs, action, null);
            if (!Array.Exists(_permissions, own => own.Covers(single)))
            {
                return false;
            }
        }
        return permission.Actions != AccessAction.None;
    }

    /// <summary>Whether this set provably allows all that the scope of another service does.</summary>
    public bool Covers(ServiceScope scope) => ScopeAlgebra.Covers(_scopes, scope);

    /// <summary>Whether this set provably allows all that the word does; false for the word that is none.</summary>
    public bool Covers(ScopeWord word) => word.Permission is { } permission ? Covers(permission) : word.Scope is { } scope && Covers(scope);

    /// <summary>Whether this set provably allows all that the other does.</summary>
    public bool Covers(PermissionSet other) => other.All(Covers) && other._scopes.All(Covers);

    /// <summary>The same set without permissions that another one of it covers, and with those put together that differ in their actions only.</summary>
    public PermissionSet Simplify() => Of(PermissionAlgebra.Simplify(_permissions), ScopeAlgebra.Simplify(_scopes));

    /// <summary>The value of an OAuth <c>scope</c>: the canonical texts, separated by spaces.</summary>
    public string ToScope() => string.Join(' ', _permissions.Select(permission => permission.ToString()).Concat(_scopes.Select(scope => scope.ToString())));

    /// <inheritdoc/>
    public override string ToString() => ToScope();

    /// <inheritdoc/>
    public IEnumerator<Permission> GetEnumerator() => ((IEnumerable<Permission>)_permissions).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
