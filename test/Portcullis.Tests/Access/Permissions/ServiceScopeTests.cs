using CsCheck;
using Portcullis.Access;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Access.Permissions;

public class ServiceScopeTests
{
    private static readonly SourceLocation s_here = new("policy.yaml", 1);

    private static readonly Gen<string> s_word = Gen.OneOf("grafana:read", "grafana:write", "wiki:read", "grafana:read:all");

    private static readonly Gen<string> s_registry = Gen.Select(
        AccessGen.RepositoryPatternText, Gen.OneOf("pull", "push", "pull,push", "delete", "pull,push,delete"), (pattern, actions) => $"registry:{pattern}:{actions}");

    private static readonly Gen<PermissionSet> s_sets = Gen.Select(AccessGen.Permissions, Gen.OneOf(s_word, s_registry).Array[0, 4])
        .Select((permissions, words) => PermissionSet.FromScope(permissions.ToScope() + " " + string.Join(' ', words)));

    [Theory]
    [InlineData("grafana:read")]
    [InlineData("a:b:c")]
    [InlineData("Grafana.v2_x-y:dashboards/42?x=%2A&y='<>")]
    [InlineData("urn:example:thing")]
    [InlineData("home:%2A")]
    public void Accepts_a_word_of_another_service_as_it_stands(string text)
    {
        Assert.True(ServiceScope.TryParse(text, out var scope, out _));
        Assert.Equal(text, scope.ToString());
        Assert.Null(scope.Registry);
        Assert.Equal(text, PermissionSet.FromScope(text).ToScope());
    }

    [Theory]
    [InlineData("registry:acme/app:pull", "registry:acme/app:pull")]
    [InlineData("registry:acme/*:push,pull,push", "registry:acme/*:pull,push")]
    [InlineData("registry:*:delete", "registry:*:delete")]
    [InlineData("registry:a%2bb:pull", "registry:a+b:pull")]
    public void Accepts_a_scope_of_a_registry(string text, string canonical)
    {
        Assert.True(ServiceScope.TryParse(text, out var scope, out _));
        Assert.Equal(canonical, scope.ToString());
        Assert.NotNull(scope.Registry);
    }

    [Theory]
    [InlineData("")]
    [InlineData("read")]
    [InlineData("openid")]
    [InlineData(":read")]
    [InlineData("grafana:")]
    [InlineData("acme/app:pull")]
    [InlineData("1password:read")]
    [InlineData("grafana:*")]
    [InlineData("grafana:{repository}")]
    [InlineData("grafana:a b")]
    [InlineData("grafana:a\"b")]
    [InlineData("grafana:a\\b")]
    [InlineData("grafana:größe")]
    [InlineData("grafana:a\nb")]
    [InlineData("gti:acme/app:pull")]
    [InlineData("Git:acme/app:pull")]
    [InlineData("Registry:acme/app:pull")]
    [InlineData("portcullis:admin")]
    [InlineData("registry:acme/app")]
    [InlineData("registry::pull")]
    [InlineData("registry:acme/app:")]
    [InlineData("registry:acme/app:pull,")]
    [InlineData("registry:acme/app:pull,init")]
    [InlineData("registry:acme/app:PULL")]
    [InlineData("registry:acme/app:*")]
    [InlineData("registry:acme/app:pull:push")]
    [InlineData("registry:acme/app@latest:pull")]
    [InlineData("registry:a,b:pull")]
    [InlineData("registry:/acme:pull")]
    [InlineData("registry:acme//app:pull")]
    [InlineData("registry:acme/../app:pull")]
    public void Rejects_what_is_no_scope_of_a_service(string text)
    {
        Assert.False(ScopeWord.TryParse(text, out var word, out var error));
        Assert.Null(word.Scope);
        Assert.InRange(error.Position, 0, text.Length);
        Assert.All(error.ToString(), c => Assert.InRange(c, ' ', '~'));
        Assert.True(text.Contains(' ') || PermissionSet.FromScope(text).Scopes.Count == 0);
    }

    [Fact]
    public void Rejects_a_scope_that_is_too_long()
    {
        Assert.True(ServiceScope.TryParse("a:" + new string('x', ServiceScope.MaxLength - 2), out _, out _));
        Assert.False(ServiceScope.TryParse("a:" + new string('x', ServiceScope.MaxLength - 1), out _, out _));
    }

    [Fact]
    public void All_words_of_a_token_count_to_one_bound()
    {
        var scope = string.Join(' ', Enumerable.Range(0, 200).Select(i => $"git:r{i}:pull a:w{i}"));
        var set = PermissionSet.FromScope(scope);
        Assert.Equal(PermissionSet.MaxPermissionsInToken, set.Count + set.Scopes.Count);
    }

    [Theory]
    [InlineData("grafana:read", "grafana:read", "grafana:read")]
    [InlineData("grafana:read", "grafana:write", "")]
    [InlineData("grafana:read", "Grafana:read", "")]
    [InlineData("grafana:read:all", "grafana:read", "")]
    [InlineData("registry:acme/app:pull,push,delete", "registry:acme/*:pull,push", "registry:acme/app:pull,push")]
    [InlineData("registry:acme/*:pull", "registry:acme/app:push", "")]
    [InlineData("registry:*/app:pull", "registry:acme/*:pull", "registry:acme/app:pull registry:acme/*/app:pull")]
    [InlineData("registry:acme/app:pull,push", "registry:acme/*:pull registry:*:push", "registry:acme/app:pull,push")]
    [InlineData("registry:acme/app:pull", "git:acme/app:pull", "")]
    [InlineData("git:acme/app:pull", "registry:acme/app:pull", "")]
    public void Intersects_by_the_whole_word_and_registries_by_pattern(string asked, string given, string expected)
    {
        var common = PermissionSet.FromScope(asked).Intersect(PermissionSet.FromScope(given));
        Assert.Equal(expected.Split(' ').Order(), common.ToScope().Split(' ').Order());
    }

    [Fact]
    public void Intersecting_never_gives_what_one_side_does_not()
    {
        Gen.Select(s_sets, s_sets, AccessGen.Repository).Sample((left, right, repository) =>
        {
            var common = left.Intersect(right);
            Assert.All(common.Scopes, scope => Assert.True(left.Covers(scope) && right.Covers(scope), $"{left} & {right} gave {scope}"));

            // Said again without the algebra: by words, and by names that patterns match.
            Assert.All(common.Scopes.Where(scope => scope.Registry is null), word =>
            {
                Assert.Contains(word.ToString(), left.ToScope().Split(' '));
                Assert.Contains(word.ToString(), right.ToScope().Split(' '));
            });
            foreach (var action in Enum.GetValues<RegistryActions>().Where(action => action != RegistryActions.None))
            {
                Assert.True(!Opens(common, repository, action) || (Opens(left, repository, action) && Opens(right, repository, action)));
            }
        });
    }

    [Fact]
    public void Simplifying_changes_nothing_that_is_opened() =>
        Gen.Select(s_sets, AccessGen.Repository).Sample((set, repository) =>
        {
            var simple = set.Simplify();
            Assert.Equal(
                set.Scopes.Where(scope => scope.Registry is null).Select(scope => scope.ToString()).Order(),
                simple.Scopes.Where(scope => scope.Registry is null).Select(scope => scope.ToString()).Order());
            Assert.All(Enum.GetValues<RegistryActions>(), action => Assert.Equal(Opens(set, repository, action), Opens(simple, repository, action)));
            Assert.Equal(simple.ToScope(), PermissionSet.FromScope(simple.ToScope()).ToScope());
        });

    [Fact]
    public void A_policy_gives_scopes_of_other_services_beside_permissions()
    {
        var policy = Compile("git:{repository}:pull", "registry:{repository}:pull,push", "registry:people/{sub}/*:push", "grafana:read", "home:{sub}");
        var given = policy.PermissionsFor(new Identity("https://a.example", "alice", null, [], []));
        Assert.Equal("git:acme/*:pull grafana:read home:alice registry:acme/*:pull,push registry:people/alice/*:push", string.Join(' ', given.ToScope().Split(' ').Order()));
        Assert.True(policy.PermissionsFor(new Identity("https://a.example", "mallory", null, [], [])).IsEmpty);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("a:pull registry:*")]
    [InlineData("a,b")]
    [InlineData("x:delete")]
    public void A_subject_cannot_act_as_a_pattern_or_as_another_word(string subject)
    {
        var given = Compile("registry:people/{sub}/*:push", "home:{sub}", "git:{repository}:pull", "group:*").PermissionsFor(new Identity("https://a.example", subject, null, [], ["all"]));
        Assert.DoesNotContain(given.Scopes, scope => scope.Registry is { } registry && registry.Repositories.IsMatch("people/bob/app"));
        Assert.All(given.Scopes, scope => Assert.DoesNotContain(' ', scope.ToString()));
    }

    [Theory]
    [InlineData("grafana:*")]
    [InlineData("grafana:{repository}")]
    [InlineData("gti:{repository}:pull")]
    [InlineData("registry:{repository}")]
    [InlineData("registry:app:{repository}")]
    [InlineData("read")]
    public void A_policy_with_a_word_that_is_none_is_refused(string word)
    {
        Assert.Null(AccessPolicy.Compile(Definition(word), out var problems));
        Assert.NotEmpty(problems);
    }

    private static bool Opens(PermissionSet set, RepositoryPath repository, RegistryActions action) =>
        set.Scopes.Any(scope => scope.Registry is { } registry && (registry.Actions & action) != 0 && registry.Repositories.IsMatch(repository.Value));

    private static AccessPolicy Compile(params string[] words) =>
        AccessPolicy.Compile(Definition([.. words.Where(word => !word.StartsWith("group:", StringComparison.Ordinal))], words.Contains("group:*") ? "group:*" : "user:alice"), out var problems)
        ?? throw new InvalidOperationException(string.Join("; ", problems));

    private static PolicyDefinition Definition(string word) => Definition([word, "git:{repository}:pull"], "user:alice");

    private static PolicyDefinition Definition(string[] words, string subject)
    {
        return new PolicyDefinition
        {
            Roles = [new RoleDefinition(Text("role"), [.. words.Select(Text)])],
            Bindings = [new BindingDefinition(Text("role"), [Text("acme/*")], [Text(subject)], null, s_here)],
        };

        static PolicyText Text(string value) => new(value, s_here);
    }
}
