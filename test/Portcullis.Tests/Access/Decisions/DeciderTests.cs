using CsCheck;
using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Access.Decisions;

public class DeciderTests
{
    private static readonly RepositoryPath s_app = RepositoryPath.Parse("acme/app");

    [Theory]
    [InlineData("git:acme/app:pull", "pull", "refs/heads/main", "allowed")]
    [InlineData("git:acme/*:pull", "pull", "refs/heads/main", "allowed")]
    [InlineData("git:acme/app:pull", "create", "refs/heads/main", "no_permission_for_action")]
    [InlineData("git:acme/other:pull", "pull", "refs/heads/main", "no_permission_for_repository")]
    [InlineData("git:acme/app2:pull", "pull", "refs/heads/main", "no_permission_for_repository")]
    [InlineData("git:acme:pull", "pull", "refs/heads/main", "no_permission_for_repository")]
    [InlineData("", "pull", "refs/heads/main", "no_permission_for_repository")]
    [InlineData("git:acme/app@refs/heads/agent/*:push", "update", "refs/heads/agent/x", "allowed")]
    [InlineData("git:acme/app@refs/heads/agent/*:push", "update", "refs/heads/agents", "ref_not_matched")]
    [InlineData("git:acme/app@refs/heads/*,^refs/heads/main:push", "update", "refs/heads/main", "ref_not_matched")]
    [InlineData("git:acme/app@refs/heads/*,^refs/heads/main:push git:acme/app@refs/heads/main:update", "update", "refs/heads/main", "allowed")]
    [InlineData("git:acme/app:push", "force", "refs/heads/main", "no_permission_for_action")]
    [InlineData("git:acme/app:force", "update", "refs/heads/main", "no_permission_for_action")]
    [InlineData("git:acme/app:push", "delete", "refs/heads/main", "no_permission_for_action")]
    [InlineData("git:acme/app:push", "push", "refs/heads/main", "allowed")]
    [InlineData("git:acme/app:create git:acme/app@refs/heads/x:update", "push", "refs/heads/main", "ref_not_matched")]
    [InlineData("git:acme/app:create git:acme/*@refs/heads/x:update", "push", "refs/heads/x", "allowed")]
    public void Decides_by_repository_action_and_ref(string scope, string action, string reference, string code)
    {
        Assert.True(AccessActionWords.TryParse(action, out var asked));
        var decision = Access(scope).Decide(asked, RefName.Parse(reference));
        Assert.Equal(code, decision.Code);
        Assert.Equal(code == "allowed", decision.IsAllowed);
        Assert.Equal(decision.IsAllowed, decision.Permission is not null);
    }

    [Fact]
    public void Nothing_decided_is_a_refusal()
    {
        Assert.False(default(Decision).IsAllowed);
        Assert.False(Access("git:*:pull,push,force,delete,init").Decide(AccessAction.None, RefName.Parse("refs/heads/x")).IsAllowed);
        Assert.False(Access("git:*:pull,push,force,delete,init").Decide((AccessAction)64, RefName.Parse("refs/heads/x")).IsAllowed);
        Assert.False(Access("git:*:pull").Decide((AccessAction)64 | AccessAction.Pull, RefName.Parse("refs/heads/x")).IsAllowed);
    }

    [Fact]
    public void A_rule_stands_above_every_permission_and_is_named()
    {
        var rule = Rule(["acme/*"], ["refs/heads/main"], AccessAction.Force | AccessAction.Delete);
        var access = Access("git:*:pull,push,force,delete", rule);
        var main = RefName.Parse("refs/heads/main");
        Assert.Same(rule, access.Decide(AccessAction.Force, main).Rule);
        Assert.Equal(DecisionReason.DeniedByRule, access.Decide(AccessAction.Delete, main).Reason);
        Assert.True(access.Decide(AccessAction.Push, main).IsAllowed);
        Assert.True(access.Decide(AccessAction.Force, RefName.Parse("refs/heads/main2")).IsAllowed);
        Assert.True(RepositoryAccess.For(PermissionSet.FromScope("git:*:force"), [rule], null, RepositoryPath.Parse("other/x")).Decide(AccessAction.Force, main).IsAllowed);
    }

    [Fact]
    public void A_rule_can_leave_refs_out()
    {
        var access = Access("git:*:push", Rule(["*"], ["refs/heads/*", "^refs/heads/agent/*"], AccessAction.Push));
        Assert.False(access.Decide(AccessAction.Create, RefName.Parse("refs/heads/x")).IsAllowed);
        Assert.True(access.Decide(AccessAction.Create, RefName.Parse("refs/heads/agent/x")).IsAllowed);
    }

    [Fact]
    public void A_denied_pull_hides_the_ref_from_readers()
    {
        var access = Access("git:acme/app:pull", Rule(["*"], ["refs/heads/secret/*"], AccessAction.Pull));
        Assert.False(access.MayPullEveryRef);
        Assert.False(access.IsVisible(RefName.Parse("refs/heads/secret/x")));
        Assert.False(access.IsVisibleToPush(RefName.Parse("refs/heads/secret/x")));
        Assert.True(access.IsVisible(RefName.Parse("refs/heads/main")));
        Assert.True(access.MayKnowRepository);
    }

    [Fact]
    public void A_repository_whose_rules_leave_nothing_is_unknown()
    {
        Assert.False(Access("git:acme/app:pull", Rule(["*"], [], AccessAction.Pull)).MayKnowRepository);
        Assert.True(Access("git:acme/app:pull,update", Rule(["*"], [], AccessAction.Pull)).MayKnowRepository);
        Assert.False(Access("git:other:pull").MayKnowRepository);
    }

    [Fact]
    public void A_ceiling_cuts_off_exactly()
    {
        var access = RepositoryAccess.For(
            PermissionSet.FromScope("git:*:pull,push,force"), AccessPolicy.Empty, s_app, PermissionSet.FromScope("git:acme/*@refs/heads/a/*:pull,push git:x:force"));
        Assert.True(access.Decide(AccessAction.Push, RefName.Parse("refs/heads/a/b")).IsAllowed);
        Assert.Equal(DecisionReason.AboveCeiling, access.Decide(AccessAction.Push, RefName.Parse("refs/heads/b")).Reason);
        Assert.Equal(DecisionReason.AboveCeiling, access.Decide(AccessAction.Force, RefName.Parse("refs/heads/a/b")).Reason);
        Assert.False(access.MayPullEveryRef);
        var none = RepositoryAccess.For(PermissionSet.FromScope("git:*:pull"), AccessPolicy.Empty, s_app, PermissionSet.Empty);
        Assert.False(none.MayKnowRepository);
        Assert.False(none.MayPullEveryRef);
    }

    [Fact]
    public void Init_is_about_the_repository_whatever_the_refs()
    {
        Assert.True(Access("git:acme/*@refs/heads/main:init").Decide(AccessAction.Init, null).IsAllowed);
        Assert.True(Access("git:acme/*@refs/heads/main:init").Decide(AccessAction.Init, RefName.Parse("refs/heads/x")).IsAllowed);
        Assert.False(Access("git:acme/*:init", Rule(["acme/*"], [], AccessAction.Init)).Decide(AccessAction.Init, null).IsAllowed);
    }

    [Fact]
    public void A_question_about_the_repository_is_final_only_when_refused()
    {
        var access = Access("git:acme/app@refs/heads/x:push", Rule(["*"], ["refs/heads/main"], AccessAction.Push));
        Assert.True(access.Decide(AccessAction.Create, null).IsAllowed);
        Assert.False(access.Decide(AccessAction.Delete, null).IsAllowed);
        Assert.True(access.AllowsAny(AccessAction.Delete | AccessAction.Update));
        Assert.False(access.AllowsAny(AccessAction.Delete | AccessAction.Pull));
        Assert.False(Access("git:acme/app:push", Rule(["*"], ["refs/*"], AccessAction.Push)).AllowsAny(AccessAction.Push));
    }

    [Fact]
    public void Pushers_see_what_they_may_change_and_not_what_they_may_only_create()
    {
        var x = RefName.Parse("refs/heads/x");
        Assert.True(Access("git:acme/app:update").IsVisibleToPush(x));
        Assert.True(Access("git:acme/app:delete").IsVisibleToPush(x));
        Assert.True(Access("git:acme/app:force").IsVisibleToPush(x));
        Assert.False(Access("git:acme/app:create").IsVisibleToPush(x));
        Assert.False(Access("git:acme/app:update").IsVisible(x));
    }

    [Theory]
    [InlineData("refs/heads/main", true, AccessAction.Update)]
    [InlineData("refs/heads/main", false, AccessAction.Force)]
    [InlineData("refs/tags/v1", true, AccessAction.Force)]
    [InlineData("refs/tags/v1", false, AccessAction.Force)]
    [InlineData("refs/notes/commits", true, AccessAction.Update)]
    public void Moving_a_tag_is_always_force(string reference, bool isFastForward, AccessAction action)
    {
        Assert.Equal(action, RequiredAction.ForMove(RefName.Parse(reference), isFastForward));
    }

    [Fact]
    public void Adding_a_permission_never_takes_away()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permission, AccessGen.Repository, AccessGen.Action, AccessGen.Ref)
            .Sample((set, added, repository, action, reference) =>
                !Allows(set, repository, action, reference) || Allows(set.Union(PermissionSet.Of(added)), repository, action, reference), iter: 3000);
    }

    [Fact]
    public void Adding_a_rule_never_allows()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permission, AccessGen.Repository, AccessGen.Action, AccessGen.Ref)
            .Sample((set, like, repository, action, reference) =>
            {
                var rule = new GuardRail([like.Repository], like.Refs, like.Actions, default, "");
                var ruled = RepositoryAccess.For(set, [rule], null, repository);
                return !ruled.Decide(action, reference).IsAllowed || Allows(set, repository, action, reference);
            }, iter: 3000);
    }

    [Fact]
    public void A_ceiling_is_the_pointwise_intersection()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permissions, AccessGen.Repository, AccessGen.Action, AccessGen.Ref)
            .Sample((set, ceiling, repository, action, reference) =>
                Decider.Decide(set, [], ceiling, repository, action, reference).IsAllowed
                == (Allows(set, repository, action, reference) && Allows(ceiling, repository, action, reference)), iter: 3000);
    }

    [Fact]
    public void Pulling_every_ref_is_claimed_only_when_each_ref_may_be_pulled()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permission, AccessGen.Repository, AccessGen.Ref).Sample((set, like, repository, reference) =>
        {
            var rule = new GuardRail([like.Repository], like.Refs, like.Actions, default, "");
            var access = RepositoryAccess.For(set, [rule], null, repository);
            return !access.MayPullEveryRef || access.Decide(AccessAction.Pull, reference).IsAllowed;
        }, iter: 3000);
    }

    [Fact]
    public void A_refusal_about_the_repository_refuses_every_ref()
    {
        Gen.Select(AccessGen.Permissions, AccessGen.Permission, AccessGen.Repository, AccessGen.Action, AccessGen.Ref)
            .Sample((set, like, repository, action, reference) =>
            {
                var rule = new GuardRail([like.Repository], like.Refs, like.Actions, default, "");
                var access = RepositoryAccess.For(set, [rule], null, repository);
                return access.Decide(action, null).IsAllowed || !access.Decide(action, reference).IsAllowed;
            }, iter: 3000);
    }

    [Fact]
    public void A_decision_allocates_nothing()
    {
        var access = Access(
            "git:acme/other:pull git:acme/*@refs/heads/*,^refs/heads/main:push git:acme/app@refs/heads/users/alice/*:push,force,delete",
            Rule(["acme/*"], ["refs/heads/main"], AccessAction.Force));
        var reference = RefName.Parse("refs/heads/users/alice/topic");
        access.Decide(AccessAction.Force, reference);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var allowed = 0;
        for (var i = 0; i < 1000; i++)
        {
            allowed += access.Decide(AccessAction.Force, reference).IsAllowed ? 1 : 0;
            allowed += access.Decide(AccessAction.Pull, reference).IsAllowed ? 1 : 0;
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1000, allowed);
    }

    [Fact]
    public void Describes_what_is_allowed_here()
    {
        Assert.Equal("nothing", Access("git:other:pull").Describe());
        Assert.Equal(
            "pull on every ref; push,force on refs/heads/a/*, refs/tags/* but not refs/heads/a/x",
            Access("git:acme/app:pull git:acme/app@refs/heads/a/*,refs/tags/*,^refs/heads/a/x:push,force").Describe());
        Assert.EndsWith("; and 6 more", Access(string.Join(' ', Enumerable.Range(0, 10).Select(i => $"git:acme/app@refs/heads/{i}:pull"))).Describe());
    }

    [Fact]
    public void Explains_each_permission_and_rule()
    {
        var rule = Rule(["acme/*"], ["refs/heads/main"], AccessAction.Force);
        var lines = Explain("git:acme/app:pull git:other:force git:acme/*@*,^refs/heads/x:force", AccessAction.Force, "refs/heads/main", rule);
        Assert.Equal(
            [
                "  git:acme/app:pull (scope): does not give force",
                "  git:other:force (scope): is for other repositories",
                "  git:acme/*@*,^refs/heads/x:force (scope): gives force",
                "> rule deny (policy.yaml:7): denies force on this ref",
            ],
            lines);
        Assert.Contains("  git:acme/*@*,^refs/heads/x:force (scope): excludes this ref by ^refs/heads/x", Explain("git:acme/*@*,^refs/heads/x:force", AccessAction.Force, "refs/heads/x"));
        Assert.Contains("> no permission gives force on this ref", Explain("git:acme/*@*,^refs/heads/x:force", AccessAction.Force, "refs/heads/x"));
        Assert.Equal(["> there are no permissions"], Explain("", AccessAction.Pull, "refs/heads/x"));
    }

    private static IEnumerable<string> Explain(string scope, AccessAction action, string reference, params GuardRail[] rules)
    {
        var policy = new AccessPolicy(new Dictionary<string, CompiledRole>(), [], [], rules, []);
        return Explainer.Explain(PermissionSet.FromScope(scope), policy, s_app, action, RefName.Parse(reference))
            .Single().Lines.Select(line => (line.IsDecisive ? "> " : "  ") + line.Text);
    }

    private static GuardRail Rule(string[] repositories, string[] refs, AccessAction deny) =>
        new([.. repositories.Select(text => RepositoryPattern.Parse(text))], [.. refs.Select(text => RefPattern.Parse(text))], deny, new("policy.yaml", 7), "deny");

    private static RepositoryAccess Access(string scope, params GuardRail[] rules) =>
        RepositoryAccess.For(PermissionSet.FromScope(scope), rules, null, s_app);

    private static bool Allows(PermissionSet set, RepositoryPath repository, AccessAction action, RefName reference) =>
        RepositoryAccess.For(set, AccessPolicy.Empty, repository).Decide(action, reference).IsAllowed;
}
