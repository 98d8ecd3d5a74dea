using CsCheck;
using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Access.Policies;

public class AccessPolicyTests
{
    private const string Issuer = "https://git.example.com";
    private const string Actions = "https://token.actions.githubusercontent.com";

    private static readonly AccessPolicy s_policy = Compile(new PolicyDefinition
    {
        Roles =
        [
            Role("reader", "git:{repository}:pull"),
            Role(
                "developer", "git:{repository}:pull", "git:{repository}@refs/heads/*,^refs/heads/main:push",
                "git:{repository}@refs/heads/users/{sub}/*:push,force,delete"),
            Role("auditor", "git:*@refs/notes/audit:pull"),
        ],
        Bindings =
        [
            Binding("developer", ["acme/*"], ["user:alice", "group:engineering", "client:ci"]),
            Binding("reader", ["public/*", "docs"], null),
            Binding("reader", ["wild/*"], ["user:team-*", "user:*@example.com"]),
        ],
    });

    [Theory]
    [InlineData("acme/app")]
    [InlineData("Acme/APP")]
    [InlineData("ACME/App")]
    public void A_rule_holds_for_every_spelling_of_a_name_that_a_server_may_take_for_the_same(string name)
    {
        var rule = new GuardRail([RepositoryPattern.Parse("acme/App"), RepositoryPattern.Parse("B*/x")], [], AccessAction.Force, new SourceLocation("policy.yaml", 1), "rule");
        Assert.True(rule.HoldsIn(RepositoryPath.Parse(name)));
        Assert.True(rule.HoldsIn(RepositoryPath.Parse("bOb/X")));
        Assert.False(rule.HoldsIn(RepositoryPath.Parse("acme/app2")));
    }

    [Fact]
    public void A_binding_gives_its_role_in_its_repositories()
    {
        Assert.Equal(
            [
                "git:acme/*:pull", "git:acme/*@refs/heads/*,^refs/heads/main:push", "git:acme/*@refs/heads/users/alice/*:push,force,delete",
            ],
            Texts(s_policy.PermissionsFor(Who("alice"))));
        Assert.Contains("git:acme/*@refs/heads/users/bob/*:push,force,delete", Texts(s_policy.PermissionsFor(Who("bob", groups: ["engineering"]))));
        Assert.Empty(s_policy.PermissionsFor(Who("bob")));
        Assert.Empty(s_policy.PermissionsFor(Who("Alice")));
        Assert.Empty(s_policy.PermissionsFor(Who("alice2", groups: ["engineering2"])));
    }

    [Fact]
    public void Permissions_say_where_they_came_from()
    {
        Assert.Equal("role developer, policy.yaml:1", s_policy.PermissionsFor(Who("alice"))[0].Origin);
    }

    [Fact]
    public void Stars_in_subjects_match_within_the_name()
    {
        Assert.Single(s_policy.PermissionsFor(Who("team-x")));
        Assert.Single(s_policy.PermissionsFor(Who("bob@example.com")));
        Assert.Empty(s_policy.PermissionsFor(Who("bob@example.com.evil")));
        Assert.Empty(s_policy.PermissionsFor(Who("my-team-x")));
    }

    [Fact]
    public void A_client_does_not_take_a_persons_place_nor_a_person_a_clients()
    {
        Assert.Empty(s_policy.PermissionsFor(Who("alice", client: "alice")));
        Assert.NotEmpty(s_policy.PermissionsFor(Who("ci", client: "ci")));
        Assert.Empty(s_policy.PermissionsFor(Who("bob", client: "ci")));
        Assert.Empty(s_policy.PermissionsFor(Who("ci")));
    }

    [Fact]
    public void A_narrow_token_is_not_widened_by_what_its_subject_has()
    {
        var own = PermissionSet.FromScope("git:acme/app:pull");
        Assert.Equal(Texts(own), Texts(s_policy.Expand(Who("alice"), own)));
    }

    [Fact]
    public void Roles_named_in_a_token_hold_where_a_binding_says_so()
    {
        Assert.Equal(["git:public/*:pull", "git:docs:pull"], Texts(s_policy.Expand(Who("bob", roles: ["reader"]), PermissionSet.Empty)));
        Assert.Empty(s_policy.Expand(Who("bob", roles: ["developer"]), PermissionSet.Empty));
        Assert.Equal(3, s_policy.Expand(Who("alice", roles: ["developer"]), PermissionSet.Empty).Count);
        Assert.Equal(["git:*@refs/notes/audit:pull"], Texts(s_policy.Expand(Who("bob", roles: ["auditor"]), PermissionSet.Empty)));
        Assert.Empty(s_policy.Expand(Who("bob", roles: ["nobody", "Reader", ""]), PermissionSet.Empty));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("a,refs/heads/main")]
    [InlineData("x:push git:*")]
    [InlineData("^refs/heads/y")]
    [InlineData("%2A")]
    [InlineData("{repository}")]
    [InlineData("a@b")]
    [InlineData("größe")]
    public void A_subject_cannot_act_as_a_pattern(string subject)
    {
        var permissions = s_policy.PermissionsFor(Who(subject, groups: ["engineering"]));
        var access = RepositoryAccess.For(permissions, AccessPolicy.Empty, RepositoryPath.Parse("acme/app"));
        Assert.False(access.Decide(AccessAction.Force, RefName.Parse("refs/heads/users/bob/x")).IsAllowed);
        Assert.False(access.Decide(AccessAction.Force, RefName.Parse("refs/heads/main")).IsAllowed);
        if (!subject.Contains('/') && RefName.TryParse($"refs/heads/users/{subject}/x", out var own))
        {
            Assert.True(access.Decide(AccessAction.Force, own).IsAllowed);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("alice/x")]
    [InlineData("/")]
    [InlineData("..")]
    [InlineData("a\0b")]
    public void A_subject_that_is_no_single_name_gets_no_place_of_its_own(string subject)
    {
        var permissions = s_policy.PermissionsFor(Who(subject, groups: ["engineering"]));
        var access = RepositoryAccess.For(permissions, AccessPolicy.Empty, RepositoryPath.Parse("acme/app"));
        Assert.False(access.Decide(AccessAction.Force, RefName.Parse("refs/heads/users/alice/x/y")).IsAllowed);
        Assert.Equal(DecisionReason.RefNotMatched, access.Decide(AccessAction.Push, RefName.Parse("refs/heads/main")).Reason);
    }

    [Fact]
    public void No_subject_reaches_another_ones_place()
    {
        Gen.Select(Gen.String, Gen.String).Sample((subject, other) =>
        {
            if (subject == other || other.Contains('/') || !RefName.TryParse($"refs/heads/users/{other}/x", out var reference))
            {
                return true;
            }
            var permissions = s_policy.PermissionsFor(Who(subject, groups: ["engineering"]));
            return !RepositoryAccess.For(permissions, AccessPolicy.Empty, RepositoryPath.Parse("acme/app")).Decide(AccessAction.Force, reference).IsAllowed;
        });
    }

    [Fact]
    public void A_binding_for_an_issuer_holds_for_that_issuer_only()
    {
        var policy = Compile(new PolicyDefinition
        {
            Roles = [Role("reader", "git:{repository}:pull")],
            Bindings = [Binding("reader", ["a"], ["user:*"]) with { Issuer = Text("https://one.example") }],
        });
        Assert.Single(policy.PermissionsFor(Who("x") with { Issuer = "https://one.example" }));
        Assert.Empty(policy.PermissionsFor(Who("x") with { Issuer = "https://one.example/" }));
        Assert.Empty(policy.PermissionsFor(Who("x")));
    }

    [Fact]
    public void Everybody_does_not_mean_the_strangers_of_a_workload_issuer()
    {
        var policy = Compile(new PolicyDefinition
        {
            Roles = [Role("reader", "git:{repository}:pull")],
            Bindings = [Binding("reader", ["a"], ["user:*"]), Binding("reader", ["b"], ["user:*"]) with { Issuer = Text(Actions) }],
            Trust = [Trust(Actions, [("repository_id", "1")], "git:c:pull")],
        });
        Assert.Equal(["git:a:pull"], Texts(policy.PermissionsFor(Who("x"))));
        Assert.Equal(["git:b:pull"], Texts(policy.PermissionsFor(Who("x") with { Issuer = Actions })));
    }

    [Fact]
    public void Trust_needs_every_claim_whole()
    {
        var policy = Compile(new PolicyDefinition
        {
            Trust =
            [
                Trust(Actions, [("repository_id", "1234"), ("ref", "refs/heads/*")], "git:acme/app@refs/tags/v*:create"),
                Trust(Actions, [("repository_id", "1234")], "git:acme/app:delete") with { IsAuditOnly = true },
            ],
        });
        Assert.Equal(["git:acme/app@refs/tags/v*:create"], Granted(Actions, ("repository_id", "1234"), ("ref", "refs/heads/main")));
        Assert.Empty(Granted(Actions, ("repository_id", "12345"), ("ref", "refs/heads/main")));
        Assert.Empty(Granted(Actions, ("repository_id", "1234"), ("ref", "x/refs/heads/main")));
        Assert.Empty(Granted(Actions, ("repository_id", "1234\n"), ("ref", "refs/heads/main")));
        Assert.Empty(Granted(Actions, ("repository_id", "1234")));
        Assert.Empty(Granted(Actions + "/", ("repository_id", "1234"), ("ref", "refs/heads/main")));
        Assert.Equal([false, true], policy.MatchTrust(Actions, name => name == "ref" ? "refs/heads/x" : "1234").Select(entry => entry.IsAuditOnly));

        IEnumerable<string> Granted(string issuer, params (string Name, string Value)[] claims) =>
            Texts(policy.TrustFor(issuer, name => claims.FirstOrDefault(claim => claim.Name == name).Value));
    }

    [Fact]
    public void All_mistakes_are_reported_at_once_and_nothing_is_compiled()
    {
        var policy = AccessPolicy.Compile(
            new PolicyDefinition
            {
                Roles =
                [
                    Role("a", "git:{repository}:pul"), Role("a", "git:x:pull"), Role("b", "git:{repo}:pull"), Role("c", "git:x@refs/heads/{sub}*:pull"),
                    Role("d", "git:x@refs/heads/{repository}:pull"), Role("e"), Role("f", "git:x:pull"), Role("g", "git:x@refs/heads/}:pull"),
                    Role("h", "git:{repository}.git:pull"),
                ],
                Bindings =
                [
                    Binding("nobody", ["x"], ["user:a"]), Binding("f", ["x"], ["user:a"]), Binding("f", [], ["alice"]), Binding("f", [], []),
                    Binding("h", ["acme"], ["user:a"]), Binding("h", ["{sub}"], ["user:a"]),
                ],
                Trust = [Trust("github", [], "git:x:pull"), Trust(Actions, [("ref", "*")], "git:{repository}:pull"), Trust(Actions, [("iss", "x")])],
                Rules =
                [
                    new([], [Text("main")], [Text("force")], At(90)), new([Text("/x")], [], [Text("forse")], At(91)), new([], [], [], At(92)),
                    new([], [Text("^refs/heads/x")], [Text("init")], At(93)),
                ],
            },
            out var problems);
        Assert.Null(policy);
        var messages = problems.Select(problem => problem.Message).ToList();
        string[] expected =
        [
            "'pul' is no action; did you mean 'pull'?", "is defined twice", "placeholders are {repository} and {sub}", "beside '*'", "belongs before '@'",
            "has no permissions", "'}' without '{'", "there is no role 'nobody'", "would not limit", "user:NAME", "is for nobody", "with the repository 'acme'",
            "brace in its name", "an issuer is the exact value", "would trust everybody", "would trust everybody", "placeholders work in roles only",
            "a claim needs a name", "the entry gives nothing", "A ref is named in full", "may not start or end with", "'forse' is no action; did you mean 'force'?",
            "the rule denies nothing", "there are only exclusions", "'init' is about the repository",
        ];
        foreach (var fragment in expected)
        {
            var found = messages.FindIndex(message => message.Contains(fragment, StringComparison.Ordinal));
            Assert.True(found >= 0, $"nothing says: {fragment}\n{string.Join('\n', messages)}");
            messages.RemoveAt(found);
        }
        Assert.Empty(messages);
    }

    [Fact]
    public void Probable_mistakes_are_warnings()
    {
        var policy = Compile(new PolicyDefinition
        {
            Roles = [Role("reader", "git:{repository}:pull")],
            Trust = [Trust(Actions, [("repository", "acme*")], "git:c:pull"), Trust(Actions, [("repository", "acme/*"), ("repository_owner_id", "7")], "git:c:pull")],
        });
        Assert.Equal(3, policy.Warnings.Count);
        Assert.Contains(policy.Warnings, warning => warning.Message.Contains("'repository_id' or 'repository_owner_id'", StringComparison.Ordinal));
        Assert.Contains(policy.Warnings, warning => warning.Message.Contains("acme/*", StringComparison.Ordinal));
        Assert.Contains(policy.Warnings, warning => warning.Message.Contains("no binding", StringComparison.Ordinal));
    }

    [Fact]
    public void A_rule_without_repositories_or_refs_holds_everywhere()
    {
        var policy = Compile(new PolicyDefinition { Rules = [new([], [], [Text("push"), Text("delete")], At(3))] });
        var rule = Assert.Single(policy.Rules);
        Assert.Equal("deny push,delete on every ref in * (policy.yaml:3)", rule.ToString());
        var decision = RepositoryAccess.For(PermissionSet.FromScope("git:*:push"), policy, RepositoryPath.Parse("x")).Decide(AccessAction.Create, RefName.Parse("refs/heads/x"));
        Assert.Same(rule, decision.Rule);
    }

    [Fact]
    public void The_empty_policy_leaves_tokens_what_they_carry()
    {
        var own = PermissionSet.FromScope("git:a:pull");
        Assert.Same(own, AccessPolicy.Empty.Expand(Who("x", roles: ["reader"]), own));
        Assert.Empty(AccessPolicy.Empty.PermissionsFor(Who("x")));
        Assert.Empty(AccessPolicy.Empty.TrustFor(Actions, _ => "1"));
    }

    [Fact]
    public void Cases_ask_the_same_decision_as_requests()
    {
        var allowed = new PolicyCase
        {
            Name = "alice pushes below her name", Who = Who("alice"), Repository = RepositoryPath.Parse("acme/app"), Action = AccessAction.Push,
            Reference = RefName.Parse("refs/heads/users/alice/x"), IsAllowed = true,
        };
        Assert.True(allowed.Run(s_policy).Passed);
        Assert.False((allowed with { IsAllowed = false }).Run(s_policy).Passed);
        Assert.False((allowed with { Permissions = PermissionSet.FromScope("git:acme/app:pull") }).Run(s_policy).Passed);
        var result = (allowed with { Reference = RefName.Parse("refs/heads/main") }).Run(s_policy);
        Assert.False(result.Passed);
        Assert.Equal(2, result.Lines.Count(line => line.IsDecisive));
        Assert.Equal(DecisionReason.RefNotMatched, result.Decision.Reason);
    }

    [Theory]
    [InlineData("git:acme/app:pull", 480)] // The reader gives it as well, for longer.
    [InlineData("git:acme/app@refs/heads/topic:push", 15)]
    [InlineData("git:acme/app@refs/heads/main:force", 5)]
    [InlineData("git:acme/app:pull git:acme/app@refs/heads/topic:push", 15)]
    [InlineData("git:acme/app:pull git:acme/app@refs/heads/topic:push git:acme/app@refs/heads/main:force", 5)]
    [InlineData("", 15)]
    public void A_token_lives_as_long_as_the_roles_that_give_what_is_in_it(string granted, int minutes)
    {
        var policy = Compile(new PolicyDefinition
        {
            Roles =
            [
                Role("reader", "git:{repository}:pull") with { Lifetime = TimeSpan.FromHours(8) },
                Role("developer", "git:{repository}:pull", "git:{repository}@refs/heads/*,^refs/heads/main:push"),
                Role("maintainer", "git:{repository}:pull,push,force,delete") with { Lifetime = TimeSpan.FromMinutes(5) },
            ],
            Bindings =
            [
                Binding("maintainer", ["acme/*"], ["user:alice"]), Binding("developer", ["acme/*"], ["group:engineering"]), Binding("reader", ["acme/*"], ["user:*"]),
                Binding("maintainer", ["acme/*"], ["user:bob"]),
            ],
        });
        Assert.Equal(
            TimeSpan.FromMinutes(minutes),
            policy.LifetimeFor(Who("alice", groups: ["engineering"]), PermissionSet.FromScope(granted), TimeSpan.FromMinutes(15)));
    }

    [Fact]
    public void What_no_role_provably_gives_lives_no_longer_than_the_shortest()
    {
        var policy = Compile(new PolicyDefinition
        {
            Roles = [Role("short", "git:a:pull") with { Lifetime = TimeSpan.FromMinutes(1) }, Role("long", "git:b:pull") with { Lifetime = TimeSpan.FromHours(1) }],
            Bindings = [Binding("short", [], ["user:alice"]), Binding("long", [], ["user:alice"])],
        });
        Assert.Equal(TimeSpan.FromMinutes(1), policy.LifetimeFor(Who("alice"), PermissionSet.FromScope("git:*:force"), TimeSpan.FromMinutes(15)));
        Assert.Equal(TimeSpan.FromMinutes(15), policy.LifetimeFor(Who("bob"), PermissionSet.FromScope("git:*:force"), TimeSpan.FromMinutes(15)));
        Assert.Null(AccessPolicy.Compile(new PolicyDefinition { Roles = [Role("x", "git:a:pull") with { Lifetime = TimeSpan.Zero }] }, out _));
    }

    private static AccessPolicy Compile(PolicyDefinition definition)
    {
        var policy = AccessPolicy.Compile(definition, out var problems);
        Assert.Empty(problems);
        return policy!;
    }

    private static IEnumerable<string> Texts(PermissionSet set) => set.Select(permission => permission.ToString());

    private static Identity Who(string subject, string? client = null, string[]? roles = null, string[]? groups = null) =>
        new(Issuer, subject, client, roles ?? [], groups ?? []);

    private static SourceLocation At(int line) => new("policy.yaml", line);

    private static PolicyText Text(string value) => new(value, At(1));

    private static RoleDefinition Role(string name, params string[] permissions) => new(Text(name), [.. permissions.Select(Text)]);

    private static BindingDefinition Binding(string role, string[] repositories, string[]? subjects) =>
        new(Text(role), [.. repositories.Select(Text)], subjects?.Select(Text).ToArray(), null, At(2));

    private static TrustDefinition Trust(string issuer, (string, string)[] claims, params string[] permissions) =>
        new(Text(issuer), [.. claims.Select(claim => new ClaimDefinition(Text(claim.Item1), Text(claim.Item2)))], [.. permissions.Select(Text)], false, At(3));
}
