using System.Text;
using CsCheck;
using Portcullis.Access;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Server.Configuration;
using Portcullis.Server.Configuration.Policies;
using Portcullis.Tests.Architecture;

namespace Portcullis.Tests.Server.Configuration.Policies;

public class PolicyReaderTests
{
    private const string Specification = """
        roles:
          reader:    [ "git:{repository}:pull" ]
          developer: [ "git:{repository}:pull", "git:{repository}@refs/heads/*,^refs/heads/main:push", "git:{repository}@refs/heads/users/{sub}/*:push,force,delete" ]
        bindings:                         # who has which role where
          - { role: developer, repositories: [ "acme/*" ], subjects: [ "user:alice", "group:engineering", "client:ci" ] }
          - { role: reader, repositories: [ "public/*" ] }
        trust:                            # tokens of other issuers, used directly or exchanged
          - issuer: https://token.actions.githubusercontent.com
            claims: { repository_id: "1234", ref: "refs/heads/main" }
            permissions: [ "git:acme/app@refs/tags/v*:create" ]
          - issuer: https://gitlab.example
            claims: { project_id: 99, ref_protected: true }
            permissions: [ "git:acme/app:pull" ]
            mode: audit
        rules:                            # guard rails: what no token can do
          - { repositories: [ "acme/*" ], refs: [ "refs/heads/main" ], deny: [ force, delete ] }
        """;

    [Fact]
    public void The_policy_of_the_specification_is_understood()
    {
        var check = Read(Specification);
        Assert.Empty(check.Problems);
        Assert.Empty(check.Warnings);
        var policy = check.Policy!;
        var alice = policy.PermissionsFor(new Identity("https://git.example.com", "alice", null, [], []));
        Assert.Equal(3, alice.Count);
        Assert.Equal("role developer, policy.yaml:3", alice[0].Origin);
        var rule = Assert.Single(policy.Rules);
        Assert.Equal("deny force,delete on refs/heads/main in acme/* (policy.yaml:16:5)", rule.ToString());
        Assert.Equal(AccessAction.Force | AccessAction.Delete, rule.Deny);
        Assert.Single(policy.TrustFor("https://token.actions.githubusercontent.com", name => name == "ref" ? "refs/heads/main" : "1234"));
        var gitlab = policy.MatchTrust("https://gitlab.example", name => name == "project_id" ? "99" : "true");
        Assert.True(Assert.Single(gitlab).IsAuditOnly);
        Assert.Empty(policy.TrustFor("https://gitlab.example", name => name == "project_id" ? "99" : "true"));
    }

    [Fact]
    public void A_role_can_say_how_long_tokens_live_with_it()
    {
        var policy = Read("""
            roles:
              maintainer:
                permissions: [ "git:{repository}:pull,push,force" ]
                lifetime: 5m
              reader: [ "git:{repository}:pull" ]
            bindings:
              - { role: maintainer, repositories: [ "acme/*" ], subjects: [ "user:alice" ] }
              - { role: reader, repositories: [ "acme/*" ], subjects: [ "user:*" ] }
            """).Policy!;
        var alice = new Identity("https://git.example.com", "alice", null, [], []);
        Assert.Equal(TimeSpan.FromMinutes(5), policy.LifetimeFor(alice, policy.PermissionsFor(alice), TimeSpan.FromMinutes(15)));
        Assert.Equal(TimeSpan.FromMinutes(15), policy.LifetimeFor(alice, PermissionSet.FromScope("git:acme/app:pull"), TimeSpan.FromMinutes(15)));
    }

    [Fact]
    public void An_empty_policy_is_one()
    {
        Assert.NotNull(Read("").Policy);
        Assert.NotNull(Read("# nothing yet\n").Policy);
        Assert.NotNull(Read("roles:\nrules:\n").Policy);
    }

    [Theory]
    [InlineData("rolls: {}", "policy.yaml:1:1: there is no 'rolls' here; did you mean 'roles'?")]
    [InlineData("roles: [ x ]", "policy.yaml:1:8: here belong the roles, 'name: [ permissions ]'")]
    [InlineData("roles: { a: git:x:pull }", "policy.yaml:1:13: here belongs a list, [a, b]")]
    [InlineData("roles: { a: [ git:{repository}:pull ] }", "policy.yaml:1:")]
    [InlineData("roles: { a: [ { x: y } ] }", "policy.yaml:1:15: here belongs a single text; one with {braces} or ': ' in it stands in quotes")]
    [InlineData("roles: { a: [ 'git:x:pul' ] }", "policy.yaml:1:15: 'pul' is no action; did you mean 'pull'? (at character 7)")]
    [InlineData("bindings: [ { repositories: [ x ] } ]", "policy.yaml:1:13: 'role' is missing")]
    [InlineData("bindings: [ { role: a, subject: [ 'user:x' ] } ]", "policy.yaml:1:24: there is no 'subject' here; did you mean 'subjects'?")]
    [InlineData("roles: { a: [ 'git:x:pull' ] }\nbindings: [ { role: a, subjects: } ]", "policy.yaml:2:13: 'subjects' is empty")]
    [InlineData("rules: [ { repos: [ x ], deny: [ pull ] } ]", "policy.yaml:1:12: there is no 'repos' here")]
    [InlineData("rules: [ { repositories: [], deny: [ pull ] } ]", "policy.yaml:1:10: 'repositories' is empty")]
    [InlineData("rules: [ { refs: , deny: [ pull ] } ]", "policy.yaml:1:10: 'refs' is empty")]
    [InlineData("rules: [ { refs: [ refs/heads/main ] } ]", "policy.yaml:1:10: the rule denies nothing")]
    [InlineData("rules: [ { refs: [ main ], deny: [ push ] } ]", "policy.yaml:1:20: A ref is named in full")]
    [InlineData("trust: [ { issuer: 'https://x.example', permissions: [ 'git:x:pull' ] } ]", "policy.yaml:1:10: the entry would trust everybody")]
    [InlineData("trust: [ { issuer: 'https://x.example', claims: { sub: x }, permissions: [ 'git:x:pull' ], mode: off } ]", "policy.yaml:1:98: 'off' is no mode; write enforce or audit")]
    [InlineData("trust: [ { issuer: 'https://x.example', claims: { sub: [ x ] }, permissions: [ 'git:x:pull' ] } ]", "policy.yaml:1:56: here belongs a single text")]
    [InlineData("roles: { a: [ 'git:x:pull' ], a: [ 'git:y:pull' ] }", "policy.yaml:1:31: 'a' stands here twice")]
    [InlineData("roles: { a: { permissions: [ 'git:x:pull' ], lifetime: soon } }", "policy.yaml:1:56: 'soon' is no lifetime; write a duration such as 90s, 15m or 1h30m")]
    [InlineData("roles: { a: { permissions: [ 'git:x:pull' ], lifetime: 8d } }", "policy.yaml:1:56: '8d' is no lifetime")]
    [InlineData("roles: { a: { permissions: [ 'git:x:pull' ], lifetime: 0 } }", "policy.yaml:1:56: '0' is no lifetime")]
    [InlineData("roles: { a: { permissions: [ 'git:x:pull' ], lifetimes: 5m } }", "policy.yaml:1:46: there is no 'lifetimes' here; did you mean 'lifetime'?")]
    [InlineData("roles: { a: { permissions: git:x:pull } }", "policy.yaml:1:28: here belongs a list, [a, b]")]
    [InlineData("roles: { a: { lifetime: 5m } }", "policy.yaml:1:10: the role 'a' has no permissions")]
    [InlineData("roles: &a {}\nrules: *a", "policy.yaml:1:8: this is not YAML: anchors and aliases")]
    public void Mistakes_are_found_where_they_are(string yaml, string problem)
    {
        var check = Read(yaml);
        Assert.Null(check.Policy);
        Assert.Contains(check.Problems, found => found.ToString().StartsWith(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_trust_mode_does_not_grant()
    {
        // Whatever else goes wrong, only the word `enforce` enforces.
        Assert.Null(Read("trust: [ { issuer: 'https://x.example', claims: { sub: x }, permissions: [ 'git:x:pull' ], mode: Enforce } ]").Policy);
    }

    [Fact]
    public void All_mistakes_come_at_once_in_the_order_of_the_file()
    {
        var problems = Read("roles: { a: [ 'git:x:pul' ] }\nbindings: [ { role: b } ]\nrules: [ { deny: [ frce ] } ]\nmore: x").Problems;
        Assert.Equal([1, 2, 3, 4], problems.Select(problem => problem.Location.Line));
    }

    [Fact]
    public void Cases_are_read_and_run()
    {
        var policy = Read(Specification).Policy!;
        var cases = Cases("""
            - { subject: alice, repository: acme/app, action: push, ref: refs/heads/topic, expect: allow }
            - { subject: alice, repository: acme/app, action: push, ref: refs/heads/main, expect: deny }
            - { name: narrow tokens stay narrow, subject: alice, permissions: [ "git:acme/app:pull" ], repository: acme/app, action: update, ref: refs/heads/topic, expect: deny }
            - { subject: x, issuer: "https://token.actions.githubusercontent.com", claims: { repository_id: 1234, ref: refs/heads/main }, repository: acme/app, action: create, ref: refs/tags/v1, expect: allow }
            - { subject: bob, groups: [ engineering ], repository: acme/app, action: "force, delete", ref: refs/heads/users/bob/x, expect: allow }
            - { subject: ci, client: ci, repository: acme/app, action: pull, expect: allow }
            - { subject: alice, repository: acme/app, action: pull, expect: deny }
            """);
        Assert.Equal([true, true, true, true, true, true, false], cases.Select(one => one.Run(policy).Passed));
        Assert.Equal("deny alice push acme/app refs/heads/main", cases[1].Name);
        Assert.Equal(3, cases[2].Location.Line);
    }

    [Fact]
    public void Cases_ask_about_other_services_too()
    {
        var policy = Read("""
            roles: { observer: [ "grafana:read", "grafana:admin", "registry:{repository}:pull,push" ] }
            bindings: [ { role: observer, repositories: [ "acme/*" ], subjects: [ "user:alice" ] } ]
            rules: [ { deny: [ "grafana:admin" ] } ]
            """).Policy!;
        var cases = Cases("""
            - { subject: alice, scope: "grafana:read", expect: allow }
            - { subject: alice, scope: "grafana:admin", expect: deny }
            - { subject: alice, scope: "registry:acme/app:push", expect: allow }
            - { subject: alice, scope: "registry:acme/app:delete", expect: deny }
            - { subject: alice, permissions: [ "grafana:write" ], scope: "grafana:read", expect: deny }
            - { subject: bob, scope: "grafana:read", expect: allow }
            """);
        var results = cases.Select(one => one.Run(policy)).ToList();
        Assert.Equal([true, true, true, true, true, false], results.Select(result => result.Passed));
        Assert.Equal("deny alice grafana:admin", cases[1].Name);
        Assert.Contains(results[1].Lines, line => line.IsDecisive && line.Text.Contains("cases.yaml", StringComparison.Ordinal) is false && line.Text.Contains("policy.yaml:3", StringComparison.Ordinal));
        var exception = Assert.Throws<ConfigurationException>(() => Cases("- { subject: alice, scope: 'grafana', repository: acme/app, expect: allow }"));
        Assert.Equal(2, exception.Problems.Count);
    }

    [Fact]
    public void The_guides_policy_passes_the_guides_cases()
    {
        var blocks = RepositoryTree.Read("docs/guides/policy.md").Split("\n\n")
            .Where(block => block.StartsWith("    ", StringComparison.Ordinal))
            .Select(block => string.Join('\n', block.Split('\n').Select(line => line[4..])))
            .ToList();
        var policy = Read(blocks.Single(block => block.StartsWith("roles:", StringComparison.Ordinal)));
        Assert.Empty(policy.Problems);
        Assert.Empty(policy.Warnings);
        var results = Cases(blocks.Single(block => block.StartsWith("- {", StringComparison.Ordinal))).Select(one => one.Run(policy.Policy!)).ToList();
        Assert.Equal(7, results.Count);
        Assert.All(results, result => Assert.True(result.Passed, result.Case.Name));
    }

    [Fact]
    public void Mistakes_in_cases_are_found_where_they_are()
    {
        var exception = Assert.Throws<ConfigurationException>(() => Cases("""
            - { subject: alice, repository: acme/app.git, action: pul, ref: main, expect: yes }
            - { repository: acme/app, action: pull, expect: allow, permission: [] }
            - { subject: alice, repository: acme/app, action: pull, expect: deny, permissions: [ "git:x" ] }
            """));
        Assert.Equal([1, 1, 1, 1, 2, 2, 3], exception.Problems.Select(problem => problem.Location.Line));
        Assert.Contains("no cases", Assert.Throws<ConfigurationException>(() => Cases("")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_cannot_forge_a_line_of_the_report()
    {
        var problems = Read("bindings: [ { role: \"x\\npolicy.yaml:9:9: all is well\" } ]").Problems;
        Assert.All(problems, problem => Assert.DoesNotContain('\n', problem.ToString()));
    }

    [Fact]
    public void Any_bytes_are_a_policy_or_problems_with_a_place()
    {
        var specification = Encoding.UTF8.GetBytes(Specification);
        var damaged = Gen.Select(Gen.Int[0, specification.Length - 1], Gen.Int[0, 40], Gen.OneOf(Gen.Byte.Array[0, 8], Gen.OneOf("[", "{", "&a ", "*a", "- ", "? ", ": ", "|\n", "\t", "!!x ", "\"", "'", "%", "\0").Select(Encoding.UTF8.GetBytes)))
            .Select((at, removed, added) => specification[..at].Concat(added).Concat(specification[Math.Min(at + removed, specification.Length)..]).ToArray());
        Gen.OneOf(damaged, Gen.Byte.Array[0, 200]).Sample(content =>
        {
            var check = PolicyReader.Read(content, "policy.yaml");
            return check.Policy is not null == (check.Problems.Count == 0)
                && check.Problems.All(problem => problem.Location.File == "policy.yaml" && !problem.ToString().Any(char.IsControl));
        }, iter: 2000);
    }

    private static PolicyCheck Read(string yaml) => PolicyReader.Read(Encoding.UTF8.GetBytes(yaml), "policy.yaml");

    private static IReadOnlyList<PolicyCase> Cases(string yaml) => PolicyCaseReader.Read(Encoding.UTF8.GetBytes(yaml), "cases.yaml");
}
