using CsCheck;
using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;

namespace Portcullis.Tests.Access.Decisions;

public sealed class ScopeDeciderTests
{
    [Theory]
    [InlineData("grafana:read", "grafana:read", "allowed")]
    [InlineData("grafana:read", "grafana:write", "scope_missing")]
    [InlineData("grafana:admin", "grafana:admin", "denied_by_rule")]
    [InlineData("grafana:Admin", "grafana:Admin", "allowed")] // Another word: what it means only the service knows.
    [InlineData("registry:*:pull,push", "registry:acme/app:pull,push", "allowed")]
    [InlineData("registry:acme/*:pull registry:acme/app:push", "registry:acme/app:pull,push", "allowed")]
    [InlineData("registry:*:pull,push", "registry:releases/app:push", "denied_by_rule")]
    [InlineData("registry:*:pull,push", "registry:releases/app:pull,push", "denied_by_rule")]
    [InlineData("registry:*:pull,push", "registry:releases/app:pull", "allowed")]
    [InlineData("registry:*:pull,push", "registry:releases/v*:push", "denied_by_rule")]
    [InlineData("registry:*:push", "registry:*:push", "allowed")] // The rule takes out a part; one of the repositories is asked about when it is used.
    [InlineData("git:acme/app:pull", "git:acme/app:pull", "allowed")]
    [InlineData("git:acme/app@refs/heads/main:pull", "git:acme/app:pull", "scope_missing")]
    [InlineData("git:acme/app:push", "git:acme/app:push", "allowed")] // A rule about one branch does not close what asks for a pusher.
    [InlineData("git:acme/app:force", "git:acme/app@refs/heads/main:force", "denied_by_rule")]
    [InlineData("git:Acme/App:force", "git:Acme/App@refs/heads/main:force", "denied_by_rule")]
    [InlineData("git:closed/app:pull", "git:closed/app:pull", "denied_by_rule")]
    [InlineData("git:closed/app:pull,push", "git:closed/app@refs/heads/x:push", "allowed")]
    [InlineData("git:*:pull", "git:*:pull", "allowed")]
    public void Rules_hold_where_they_deny_a_whole_action(string held, string asked, string expected)
    {
        AccessPolicy policy = Policy(
            Rule("grafana:admin", "registry:releases/*:push,delete"),
            new RuleDefinition([Text("acme/*")], [Text("refs/heads/main")], [Text("force"), Text("delete")], default),
            new RuleDefinition([Text("closed/*")], [], [Text("pull")], default));
        var word = ScopeWord.Parse(asked);
        var (decision, lines) = ScopeDecider.Explain(PermissionSet.FromScope(held), policy, null, word);
        Assert.Equal(expected, decision.Code);
        Assert.Equal(ScopeDecider.Decide(PermissionSet.FromScope(held), policy, null, word), decision);
        Assert.Equal(expected == "denied_by_rule", decision.Rule is not null);
        Assert.Contains(lines, line => line.IsDecisive);
    }

    [Fact]
    public void A_ceiling_bounds_scopes_too_and_no_question_is_allowed_by_default()
    {
        var held = PermissionSet.FromScope("grafana:read registry:*:pull");
        Assert.Equal("above_ceiling", ScopeDecider.Decide(held, AccessPolicy.Empty, PermissionSet.FromScope("git:*:pull"), ScopeWord.Parse("grafana:read")).Code);
        Assert.True(ScopeDecider.Decide(held, AccessPolicy.Empty, PermissionSet.FromScope("grafana:read"), ScopeWord.Parse("grafana:read")).IsAllowed);
        Assert.False(ScopeDecider.Decide(held, AccessPolicy.Empty, null, default).IsAllowed);
    }

    [Fact]
    public void What_rules_deny_is_left_out_of_what_services_read_by_themselves()
    {
        AccessPolicy policy = Policy(Rule("grafana:admin", "registry:releases/*:push"));
        Assert.Equal(
            "git:acme/app:push grafana:read registry:releases/app:pull registry:*:push",
            policy.WithoutDeniedScopes(PermissionSet.FromScope("git:acme/app:push grafana:admin grafana:read registry:releases/app:pull,push registry:*:push")).ToScope());
    }

    [Fact]
    public void A_rule_never_gives_and_what_is_left_of_a_token_passes_every_rule_about_scopes() => Gen.Select(Words.Array[0, 5], Words.Array[1, 3], Words).Sample((held, denied, asked) =>
    {
        var permissions = PermissionSet.FromScope(string.Join(' ', held));
        AccessPolicy policy = Policy(Rule(denied));
        var word = ScopeWord.Parse(asked);
        var without = ScopeDecider.Decide(permissions, AccessPolicy.Empty, null, word).IsAllowed;
        var with = ScopeDecider.Decide(permissions, policy, null, word).IsAllowed;
        var left = policy.WithoutDeniedScopes(permissions);
        return (!with || without) && permissions.Covers(left) && left.Words.All(one => ScopeDecider.Decide(left, policy, null, one).IsAllowed);
    }, iter: 2000);

    [Theory]
    [InlineData("deny registry:*:delete, grafana:admin (policy.yaml:1)", "registry:*:delete", "grafana:admin")]
    public void A_rule_about_scopes_says_so(string expected, params string[] words) => Assert.Equal(expected, Policy(Rule(words)).Rules.Single().ToString());

    [Theory]
    [InlineData("either", "grafana:admin", "push")]
    [InlineData("either", "git:acme/app:push")]
    [InlineData("compared as a whole", "grafana:*")]
    [InlineData("did you mean 'registry:'", "regsitry:acme/app:push")]
    [InlineData("actions of a registry", "registry:acme/app:init")]
    public void Mistakes_in_rules_about_scopes_are_reported(string expected, params string[] words)
    {
        Assert.Null(AccessPolicy.Compile(new PolicyDefinition { Rules = [Rule(words)] }, out IReadOnlyList<PolicyProblem> problems));
        Assert.Contains(problems, problem => problem.Message.Contains(expected == "either" ? "about scopes of other services or about Git" : expected, StringComparison.Ordinal));
    }

    [Fact]
    public void A_rule_about_scopes_has_no_repositories() => Assert.Null(
        AccessPolicy.Compile(new PolicyDefinition { Rules = [new RuleDefinition([Text("acme/*")], [], [Text("grafana:admin")], default)] }, out _));

    private static Gen<string> Words { get; } = Gen.OneOf(
        "grafana:read", "grafana:admin", "registry:*:pull", "registry:*:pull,push", "registry:acme/*:push", "registry:acme/app:pull,push,delete", "registry:acme/app:push", "registry:*/app:delete");

    private static AccessPolicy Policy(params RuleDefinition[] rules) =>
        AccessPolicy.Compile(new PolicyDefinition { Rules = rules }, out IReadOnlyList<PolicyProblem> problems) ?? throw new InvalidOperationException(string.Join("; ", problems));

    private static RuleDefinition Rule(params string[] deny) => new([], [], [.. deny.Select(Text)], new SourceLocation("policy.yaml", 1));

    private static PolicyText Text(string value) => new(value, new SourceLocation("policy.yaml", 1));
}
