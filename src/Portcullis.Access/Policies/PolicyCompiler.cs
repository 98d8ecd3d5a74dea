using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Access.Policies;

/// <summary>Turns a written policy into one that can decide, or into all of its mistakes.</summary>
internal sealed class PolicyCompiler
{
    private readonly List<PolicyProblem> _problems = [];
    private readonly List<PolicyProblem> _warnings = [];

    public AccessPolicy? Compile(PolicyDefinition definition, out IReadOnlyList<PolicyProblem> problems)
    {
        var roles = CompileRoles(definition.Roles);
        var bindings = definition.Bindings.Select(binding => CompileBinding(binding, roles)).OfType<CompiledBinding>().ToArray();
        var trust = new TrustCompiler(_problems, _warnings).Compile(definition.Trust);
        var rules = definition.Rules.Select(CompileRule).OfType<GuardRail>().ToArray();
        foreach (var unused in definition.Roles.Where(role =>
            roles.TryGetValue(role.Name.Value, out var compiled)
            && compiled is { ByRepository.Count: > 0 }
            && !definition.Bindings.Any(binding => binding.Role.Value == role.Name.Value)))
        {
            _warnings.Add(new(unused.Name.Location, $"no binding says for which repositories the role '{unused.Name.Value}' is"));
        }
        problems = [.. _problems.OrderBy(problem => (problem.Location.Line, problem.Location.Column))];
        return _problems.Count > 0
            ? null
            : new AccessPolicy(roles.ToDictionary(role => role.Key, role => role.Value!), bindings, trust, rules, _warnings);
    }

    // A role with a mistake stands there as null, so that bindings to it are not reported as well.
    private Dictionary<string, CompiledRole?> CompileRoles(IReadOnlyList<RoleDefinition> definitions)
    {
        var roles = new Dictionary<string, CompiledRole?>(StringComparer.Ordinal);
        foreach (var definition in definitions)
        {
            var name = definition.Name.Value;
            if (name.Length == 0)
            {
                Report(definition.Name, "a role needs a name");
            }
            if (!roles.TryAdd(name, null))
            {
                Report(definition.Name, $"the role '{name}' is defined twice");
                continue;
            }
            var templates = new List<PermissionTemplate>();
            foreach (var text in definition.Permissions)
            {
                if (PermissionTemplate.TryParse(text.Value, $"role {name}, {Line(text.Location)}", out var template, out var problem))
                {
                    templates.Add(template);
                }
                else
                {
                    Report(text, problem);
                }
            }
            if (definition.Permissions.Count == 0)
            {
                Report(definition.Name, $"the role '{name}' has no permissions");
            }
            if (definition.Lifetime <= TimeSpan.Zero)
            {
                Report(definition.Name, $"the role '{name}' would give tokens that never live");
            }
            if (templates.Count == definition.Permissions.Count)
            {
                roles[name] = new CompiledRole(
                    name,
                    new GivenPermissions(templates.Where(template => !template.UsesRepository)),
                    [.. templates.Where(template => template.UsesRepository)],
                    definition.Lifetime);
            }
        }
        return roles;
    }

    private CompiledBinding? CompileBinding(BindingDefinition definition, Dictionary<string, CompiledRole?> roles)
    {
        if (!roles.TryGetValue(definition.Role.Value, out var role))
        {
            Report(definition.Role, roles.Count == 0
                ? $"there is no role '{definition.Role.Value}'; roles are defined under 'roles'"
                : $"there is no role '{definition.Role.Value}'; the roles are {string.Join(", ", roles.Keys)}");
        }
        var repositories = Repositories(definition.Repositories);
        var subjects = Subjects(definition.Subjects);
        if (definition.Subjects is { Count: 0 })
        {
            Report(definition.Location, "'subjects' is empty, so the binding is for nobody; leave it out to mean whoever's token names the role");
        }
        if (definition.Issuer is { Value.Length: 0 })
        {
            Report(definition.Issuer.Value, "'issuer' is empty; leave it out to mean every issuer");
        }
        if (role is null)
        {
            return null;
        }
        if (role.ByRepository.Count > 0 && definition.Repositories.Count == 0)
        {
            Report(definition.Location, $"the role '{role.Name}' is for {{repository}}: say which 'repositories' this binding means");
        }
        if (role.ByRepository.Count == 0 && definition.Repositories.Count > 0)
        {
            Report(definition.Location, $"the permissions of the role '{role.Name}' do not use {{repository}}, so these 'repositories' would not limit them");
        }
        var templates = new List<PermissionTemplate>();
        foreach (var repository in repositories)
        {
            foreach (var template in role.ByRepository)
            {
                if (template.TryFor(repository, out var filled, out var problem))
                {
                    templates.Add(filled);
                }
                else
                {
                    Report(definition.Location, $"with the repository '{repository}', {template.Origin} is no permission: {problem}");
                }
            }
        }
        return new CompiledBinding(role, subjects, definition.Issuer?.Value, new GivenPermissions(templates), definition.Location);
    }

    private GuardRail? CompileRule(RuleDefinition definition) =>
        definition.Deny.Any(text => text.Value.Contains(':', StringComparison.Ordinal)) ? CompileScopeRule(definition) : CompileGitRule(definition);

    private GuardRail CompileScopeRule(RuleDefinition definition)
    {
        var scopes = new List<ServiceScope>();
        foreach (var text in definition.Deny)
        {
            if (text.Value.StartsWith(Permission.Prefix, StringComparison.Ordinal) || !text.Value.Contains(':', StringComparison.Ordinal))
            {
                Report(text, "a rule is about scopes of other services or about Git; one about Git has actions under 'deny', and beside it 'repositories' and 'refs'");
            }
            else if (ServiceScope.TryParse(text.Value, out var scope, out var problem))
            {
                scopes.Add(scope);
            }
            else
            {
                Report(text, problem.ToString());
            }
        }
        if (definition.Repositories.Count > 0 || definition.Refs.Count > 0)
        {
            Report(definition.Location, "a rule about scopes of other services has neither 'repositories' nor 'refs': the scope says what it is about");
        }
        return new GuardRail([], [], AccessAction.None, definition.Location, $"deny {string.Join(", ", scopes)}") { Scopes = scopes };
    }

    private GuardRail CompileGitRule(RuleDefinition definition)
    {
        var repositories = definition.Repositories.Count == 0 ? [RepositoryPattern.Parse("*")] : Repositories(definition.Repositories);
        var refs = new List<RefPattern>();
        foreach (var text in definition.Refs)
        {
            if (RefPattern.TryParse(text.Value, out var pattern, out var problem))
            {
                refs.Add(pattern);
            }
            else
            {
                Report(text, Sentence(problem));
            }
        }
        if (refs.Count > 0 && refs.Count == definition.Refs.Count && refs.TrueForAll(pattern => pattern.IsExclusion))
        {
            Report(definition.Refs[0], "there are only exclusions; say also which refs are meant, as in \"refs/*\"");
        }
        var deny = AccessAction.None;
        foreach (var text in definition.Deny)
        {
            if (AccessActionWords.TryParse(text.Value, out var action))
            {
                deny |= action;
            }
            else
            {
                Report(text, AccessActionWords.Nearest(text.Value) is { } nearest
                    ? $"'{text.Value}' is no action; did you mean '{nearest}'?"
                    : $"'{text.Value}' is no action; the actions are {AccessActionWords.Listed}");
            }
        }
        if (definition.Deny.Count == 0)
        {
            Report(definition.Location, "the rule denies nothing: name the actions under 'deny'");
        }
        if ((deny & AccessAction.Init) != 0 && definition.Refs.Count > 0)
        {
            Report(definition.Location, "'init' is about the repository: deny it in a rule of its own, without 'refs'");
        }
        return new GuardRail(repositories, refs, deny, definition.Location, Describe(repositories, refs, deny));
    }

    private static string Describe(IReadOnlyList<RepositoryPattern> repositories, List<RefPattern> refs, AccessAction deny) =>
        $"deny {AccessActionWords.Format(deny)} on {(refs.Count == 0 ? "every ref" : string.Join(',', refs))} in {string.Join(", ", repositories)}";

    private List<RepositoryPattern> Repositories(IReadOnlyList<PolicyText> texts)
    {
        var repositories = new List<RepositoryPattern>();
        foreach (var text in texts)
        {
            if (text.Value.AsSpan().ContainsAny('{', '}'))
            {
                Report(text, "no repository has a brace in its name; placeholders belong into the role's permissions");
            }
            else if (RepositoryPattern.TryParse(text.Value, out var pattern, out var problem))
            {
                repositories.Add(pattern);
            }
            else
            {
                Report(text, Sentence(problem));
            }
        }
        return repositories;
    }

    private List<SubjectPattern>? Subjects(IReadOnlyList<PolicyText>? texts)
    {
        if (texts is null)
        {
            return null;
        }
        var subjects = new List<SubjectPattern>();
        foreach (var text in texts)
        {
            if (SubjectPattern.TryParse(text.Value, out var subject, out var problem))
            {
                subjects.Add(subject);
            }
            else
            {
                Report(text, problem);
            }
        }
        return subjects;
    }

    private static string Sentence(PatternProblem problem) => $"{problem.Message.TrimEnd('.')} (at character {problem.Position + 1})";

    private static string Line(SourceLocation location) => location with { Column = 0 } is var line ? line.ToString() : "";

    private void Report(PolicyText text, string message) => Report(text.Location, message);

    private void Report(SourceLocation location, string message) => _problems.Add(new PolicyProblem(location, message));
}
