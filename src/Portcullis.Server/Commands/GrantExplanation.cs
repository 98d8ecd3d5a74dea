using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Server.Administration;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis explain --subject</c> without an action: what the policy gives somebody, by which line, and what of a request would be granted.</summary>
internal static class GrantExplanation
{
    /// <summary>Who a name is: with the groups that the person is in here, where the authority knows them.</summary>
    public static async Task<Identity> IdentifyAsync(Installation installation, string subject, string? client, IReadOnlyList<string> groups, CancellationToken cancellationToken)
    {
        await using var authority = await LocalAuthority.OpenIfThereAsync(installation, cancellationToken);
        var person = authority is null ? null : await authority.Users.FindAsync(subject, cancellationToken);
        if (person is { DisabledAt: not null })
        {
            throw new CommandFailedException($"{person.Name} is disabled: nothing is issued to them, and what they hold is refused.");
        }

        return new Identity(installation.Issuer, person?.Name ?? subject, client, [], [.. groups.Concat(person?.Groups ?? []).Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>Shows it. 1 when nothing is given.</summary>
    public static int Explain(CommandTerminal terminal, Installation installation, AccessPolicy policy, Identity who, string? scope, bool json)
    {
        var bindings = policy.BindingsFor(who);
        var given = policy.PermissionsFor(who);
        var asked = scope is null ? null : Read(scope);
        var granted = policy.WithoutDeniedScopes(asked is null ? given : asked.Intersect(given)).Simplify();
        var missing = (asked?.Words ?? []).Where(word => !granted.Covers(word)).ToList();
        var lifetime = policy.LifetimeFor(who, granted, installation.Configuration.Authority.AccessTokenLifetime);
        if (json)
        {
            terminal.WriteJson(new
            {
                subject = who.Subject,
                groups = who.Groups,
                granted = granted.Words.Select(word => word.ToString()),
                notGranted = asked is null ? null : missing.Select(word => word.ToString()),
                lifetimeSeconds = (int)lifetime.TotalSeconds,
                bindings = bindings.Select(binding => new
                {
                    role = binding.Role,
                    binding = binding.Binding.ToString(),
                    subjects = binding.Subjects,
                    permissions = binding.Permissions.Words.Select(permission => new { permission = permission.ToString(), origin = permission.Origin }),
                }),
            });
        }
        else
        {
            Print(terminal, policy, who, bindings, asked, granted, missing, lifetime);
        }

        return !granted.IsEmpty ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Print(
        CommandTerminal terminal, AccessPolicy policy, Identity who, IReadOnlyList<BoundPermissions> bindings, PermissionSet? asked, PermissionSet granted, List<ScopeWord> missing, TimeSpan lifetime)
    {
        var name = $"{(who.IsClient ? "client" : "user")} {who.Subject}{(who.Groups.Count == 0 ? "" : $" in {string.Join(", ", who.Groups)}")}";
        if (bindings.Count == 0)
        {
            terminal.WriteMark("nothing", Color.Red, $"no binding of the policy is for {name}");
        }

        foreach (var binding in bindings)
        {
            terminal.WriteMark("role", Color.Green, $"{binding.Role}, by {string.Join(", ", binding.Subjects)} in {binding.Binding with { Column = 0 }}");
            foreach (var permission in binding.Permissions.Words)
            {
                terminal.Output.WriteLine($"     {permission} ({permission.Origin})");
            }
        }

        if (asked is not null)
        {
            foreach (var permission in granted.Words)
            {
                terminal.WriteMark("granted", Color.Green, permission.ToString());
            }

            foreach (var permission in missing)
            {
                terminal.WriteMark(
                    "not all",
                    Color.Red,
                    policy.Rules.FirstOrDefault(rule => rule.Scopes.Count > 0 && rule.Denies(permission)) is { } rule
                        ? $"{permission}: a rule forbids it to everyone: {rule}"
                        : $"{permission}: the policy gives {name} {(granted.IsEmpty ? "nothing of it" : "no more of it than what is granted")}");
            }
        }

        if (!granted.IsEmpty)
        {
            terminal.Output.WriteLine($"A token with this is valid for {TimeWords.Describe(lifetime)}, if its client has no time of its own.");
        }
    }

    private static PermissionSet Read(string scope)
    {
        var permissions = new List<ScopeWord>();
        foreach (var word in scope.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!ScopeWord.TryParse(word, out var permission, out var error))
            {
                throw new CommandFailedException($"--scope {error}", ExitCode.Usage);
            }

            permissions.Add(permission);
        }

        return permissions.Count > 0 ? PermissionSet.OfWords(permissions) : throw new CommandFailedException("--scope names no permission.", ExitCode.Usage);
    }
}
