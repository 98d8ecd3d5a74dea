using Portcullis.Access.Permissions;

namespace Portcullis.Access.Policies;

/// <summary>A role: what it gives wherever it holds, and what it gives in a binding's repositories.</summary>
internal sealed record CompiledRole(string Name, GivenPermissions Everywhere, IReadOnlyList<PermissionTemplate> ByRepository, TimeSpan? Lifetime);

/// <summary>A binding, its role's permissions made for its repositories.</summary>
internal sealed record CompiledBinding(CompiledRole Role, IReadOnlyList<SubjectPattern>? Subjects, string? Issuer, GivenPermissions Permissions, SourceLocation Location)
{
    /// <summary>Whether it means this caller by name.</summary>
    public bool Names(Identity who)
    {
        foreach (var subject in Subjects ?? [])
        {
            if (subject.IsMatch(who))
            {
                return true;
            }
        }
        return false;
    }
}

/// <summary>Permissions that are the same for everybody, and those that depend on the subject.</summary>
internal sealed class GivenPermissions
{
    private readonly ScopeWord[] _same;
    private readonly PermissionTemplate[] _bySubject;

    public GivenPermissions(IEnumerable<PermissionTemplate> templates)
    {
        var all = templates.ToArray();
        _same = [.. all.Where(template => !template.UsesSubject).Select(template => template.Fill())];
        _bySubject = [.. all.Where(template => template.UsesSubject)];
    }

    public void AddTo(List<ScopeWord> permissions, string subject)
    {
        permissions.AddRange(_same);
        foreach (var template in _bySubject)
        {
            if (template.For(subject) is { } permission)
            {
                permissions.Add(permission);
            }
        }
    }
}
