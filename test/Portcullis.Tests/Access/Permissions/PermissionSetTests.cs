using System.Text.Json;
using CsCheck;
using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Access.Permissions;

public class PermissionSetTests
{
    [Fact]
    public void Scope_gives_permissions_and_scopes_of_services_and_ignores_other_words()
    {
        var problems = new List<PermissionSyntaxError>();
        var set = PermissionSet.FromScope("openid git:a:pull  profile git:b:push gitx:c:pull", problems);
        Assert.Equal(["git:a:pull", "git:b:push"], set.Select(permission => permission.ToString()));
        Assert.All(set, permission => Assert.Equal("scope", permission.Origin));
        Assert.Empty(problems);
        Assert.Equal("gitx:c:pull", Assert.Single(set.Scopes).ToString());
        Assert.Equal("git:a:pull git:b:push gitx:c:pull", set.ToScope());
    }

    [Fact]
    public void An_unreadable_permission_grants_nothing_and_is_reported()
    {
        var problems = new List<PermissionSyntaxError>();
        var set = PermissionSet.FromScope("git:a:pull git:*:pull,everything git:b@main:push", problems);
        Assert.Equal("git:a:pull", set.ToScope());
        Assert.Equal(2, problems.Count);
    }

    [Fact]
    public void A_scope_with_too_many_permissions_is_cut_off_and_that_is_reported_once()
    {
        var problems = new List<PermissionSyntaxError>();
        var set = PermissionSet.FromScope(string.Join(' ', Enumerable.Range(0, 400).Select(i => $"git:r{i}:pull")), problems);
        Assert.Equal(PermissionSet.MaxPermissionsInToken, set.Count);
        Assert.Single(problems);
    }

    [Fact]
    public void No_scope_is_no_permission()
    {
        Assert.Empty(PermissionSet.FromScope(null));
        Assert.Empty(PermissionSet.FromScope(""));
        Assert.Empty(PermissionSet.FromScope("   "));
    }

    [Theory]
    [InlineData("""{"type":"git_repository","identifier":"acme/*","actions":["pull","create","update"],"refs":["refs/heads/*","^refs/heads/main"]}""", "git:acme/*@refs/heads/*,^refs/heads/main:pull,push")]
    [InlineData("""{"type":"git_repository","identifier":"acme/app","actions":["pull"]}""", "git:acme/app:pull")]
    [InlineData("""{"type":"git_repository","identifier":"acme/app","actions":["pull"],"refs":["refs/heads/gr%C3%B6%C3%9Fe"]}""", "git:acme/app@refs/heads/gr%C3%B6%C3%9Fe:pull")]
    public void Accepts_an_authorization_detail(string json, string expected)
    {
        var set = PermissionSet.FromClaims(null, [JsonDocument.Parse(json).RootElement]);
        Assert.Equal(expected, set.ToScope());
    }

    [Theory]
    [InlineData("""{"type":"git_repository"}""")]
    [InlineData("""{"type":"git_repository","identifier":"a"}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":[]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":"pull"}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":["pull",1]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":["pull,delete"]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":["pull"],"refs":[]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":["pull"],"refs":null}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":["pull"],"refs":["refs/heads/a,refs/heads/b"]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a@refs/heads/x","actions":["pull"]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a:pull","actions":["pull"]}""")]
    [InlineData("""{"type":"git_repository","identifier":["a"],"actions":["pull"]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","identifier":"b","actions":["pull"]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":["pull"],"locations":["https://elsewhere.example"]}""")]
    [InlineData("""{"type":"git_repository","identifier":"\ud800","actions":["pull"]}""")]
    [InlineData("""{"type":"git_repository","identifier":"a","actions":["pull"],"\ud800":1}""")]
    [InlineData("""{"\ud800":1,"type":"git_repository","identifier":"a","actions":["pull"]}""")]
    public void Rejects_an_authorization_detail_that_it_does_not_understand_fully(string json)
    {
        var problems = new List<PermissionSyntaxError>();
        Assert.Empty(PermissionSet.FromClaims(null, [JsonDocument.Parse(json).RootElement], problems));
        Assert.Single(problems);
    }

    [Theory]
    [InlineData("""{"type":"payment","identifier":"a","actions":["pull"]}""")]
    [InlineData("""{"type":["git_repository"]}""")]
    [InlineData("""{"type":"git_repository\ud800"}""")]
    [InlineData("""{"\udc00":"git_repository"}""")]
    [InlineData("\"git_repository\"")]
    [InlineData("null")]
    public void Ignores_authorization_details_of_other_types(string json)
    {
        var problems = new List<PermissionSyntaxError>();
        Assert.Empty(PermissionSet.FromClaims(null, [JsonDocument.Parse(json).RootElement], problems));
        Assert.Empty(problems);
    }

    [Fact]
    public void A_permission_written_as_authorization_detail_reads_back()
    {
        AccessGen.Permission.Sample(permission =>
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                AuthorizationDetail.Write(writer, permission);
            }
            using var document = JsonDocument.Parse(buffer.WrittenMemory);
            return AuthorizationDetail.TryRead(document.RootElement, out var read, out _) && read.Equals(permission);
        });
    }

    [Theory]
    [InlineData("git:acme/app:pull", "git:acme/*:pull git:acme/*:push", "git:acme/app:pull")]
    [InlineData("git:acme/app:pull,push", "git:acme/*:pull git:acme/*:push", "git:acme/app:pull,push")]
    [InlineData("git:*:pull,push", "git:acme/*:pull", "git:acme/*:pull")]
    [InlineData("git:acme/*@refs/heads/*:push", "git:acme/*@*,^refs/heads/main:push", "git:acme/*@refs/heads/*,^refs/heads/main:push")]
    [InlineData("git:acme/app@refs/heads/*:push", "git:acme/app@refs/*/main:push", "git:acme/app@refs/heads/main,refs/heads/*/main:push")]
    [InlineData("git:a@refs/heads/x:push", "git:a@refs/heads/y:push", "")]
    [InlineData("git:a@refs/heads/x:push,init", "git:a@refs/heads/y:push,init", "git:a:init")]
    [InlineData("git:a@refs/heads/main:push", "git:a@refs/heads/*,^refs/heads/main:push", "")]
    [InlineData("git:a:pull", "git:b:pull", "")]
    [InlineData("git:a/*/z:pull", "git:*/b/*:pull", "git:a/*/b/*/z:pull git:a/b/*/z:pull git:a/*/b/z:pull git:a/b/z:pull")]
    [InlineData("git:a:pull", "git:a:push", "")]
    public void Intersection_is_written_as_small_as_it_can_be(string left, string right, string expected)
    {
        var intersection = PermissionSet.FromScope(left).Intersect(PermissionSet.FromScope(right));
        Assert.Equal(expected.Split(' ').Order(), intersection.ToScope().Split(' ').Order());
    }

    [Fact]
    public void Intersection_never_allows_what_either_side_does_not()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permissions, AccessGen.Repository, AccessGen.Action, AccessGen.Ref)
            .Sample((left, right, repository, action, reference) =>
                !Allows(left.Intersect(right), repository, action, reference)
                || (Allows(left, repository, action, reference) && Allows(right, repository, action, reference)), iter: 3000);
    }

    [Fact]
    public void Intersection_of_patterns_this_small_loses_nothing()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permissions, AccessGen.Repository, AccessGen.Action, AccessGen.Ref)
            .Sample((left, right, repository, action, reference) =>
                !(Allows(left, repository, action, reference) && Allows(right, repository, action, reference))
                || Allows(left.Intersect(right), repository, action, reference), iter: 3000);
    }

    [Fact]
    public void Intersection_is_covered_by_both_sides_as_far_as_can_be_proved_and_idempotent()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permissions).Sample((left, right) =>
        {
            var once = left.Intersect(right);
            return left.Intersect(left).ToScope() == left.Simplify().ToScope() && once.Intersect(left).Covers(once.Intersect(left));
        });
    }

    [Fact]
    public void What_is_covered_is_allowed()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permission, AccessGen.Repository, AccessGen.Action, AccessGen.Ref)
            .Sample((set, permission, repository, action, reference) =>
                !set.Covers(permission)
                || !Allows(PermissionSet.Of(permission), repository, action, reference)
                || Allows(set, repository, action, reference), iter: 3000);
    }

    [Fact]
    public void Simplifying_changes_no_decision()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Repository, AccessGen.Action, AccessGen.Ref)
            .Sample((set, repository, action, reference) =>
                Allows(set, repository, action, reference) == Allows(set.Simplify(), repository, action, reference), iter: 3000);
    }

    [Theory]
    [InlineData("git:acme/*:pull,push", "git:acme/app@refs/heads/x:push", true)]
    [InlineData("git:acme/*:pull git:acme/app:push", "git:acme/app:pull,push", true)]
    [InlineData("git:acme/*@*,^refs/heads/main:push", "git:acme/app@refs/heads/agent/*:push", true)]
    [InlineData("git:acme/*@*,^refs/heads/main:push", "git:acme/app@refs/heads/*:push", false)]
    [InlineData("git:acme/*@*,^refs/heads/main:push", "git:acme/app@refs/heads/*,^refs/heads/m*:push", true)]
    [InlineData("git:acme/*:push", "git:acme/app:force", false)]
    [InlineData("git:acme/*:force", "git:acme/app:update", false)]
    [InlineData("git:acme/app:pull", "git:acme/*:pull", false)]
    [InlineData("", "git:acme/app:pull", false)]
    public void Covers_only_what_it_provably_allows(string set, string permission, bool expected)
    {
        Assert.Equal(expected, PermissionSet.FromScope(set).Covers(Permission.Parse(permission)));
    }

    [Fact]
    public void Patterns_made_to_explode_are_narrowed_in_bounded_time()
    {
        var left = PermissionSet.FromScope("git:" + string.Concat(Enumerable.Repeat("*a", 500)) + "*:pull");
        var right = PermissionSet.FromScope("git:" + string.Concat(Enumerable.Repeat("*b", 500)) + "*:pull");
        Assert.Empty(left.Intersect(right));
        left = PermissionSet.FromScope("git:" + string.Concat(Enumerable.Repeat("*a", 30)) + "*:pull");
        right = PermissionSet.FromScope("git:" + string.Concat(Enumerable.Repeat("*b", 30)) + "*:pull");
        Assert.InRange(left.Intersect(right).Count, 0, 16);
    }

    private static bool Allows(PermissionSet set, RepositoryPath repository, AccessAction action, RefName reference) =>
        RepositoryAccess.For(set, AccessPolicy.Empty, repository).Decide(action, reference).IsAllowed;
}
