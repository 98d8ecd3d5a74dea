using CsCheck;
using Portcullis.Access;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Access.Permissions;

public class PermissionTests
{
    [Theory]
    [InlineData("git:acme/app:pull")]
    [InlineData("git:acme/*@refs/heads/*,^refs/heads/main:push")]
    [InlineData("git:acme/app@refs/heads/agent/*:push,force,delete")]
    [InlineData("git:*:pull,push,force,delete,init")]
    [InlineData("git:acme/app@refs/heads/gr%C3%B6%C3%9Fe:update")]
    [InlineData("git:acme/app@refs/heads/a%2Cb%40c%25*:create")]
    public void Accepts_and_writes_back_the_canonical_text(string text)
    {
        Assert.Equal(text, Permission.Parse(text).ToString());
    }

    [Theory]
    [InlineData("git:a:update,create", "git:a:push")]
    [InlineData("git:a:push,pull,create", "git:a:pull,push")]
    [InlineData("git:a:pull,pull", "git:a:pull")]
    [InlineData("git:a:init,delete,force,push,pull", "git:a:pull,push,force,delete,init")]
    [InlineData("git:%61cme/app@refs/heads/%c3%b6:pull", "git:acme/app@refs/heads/%C3%B6:pull")]
    [InlineData("git:acme/**:pull", "git:acme/*:pull")]
    public void Accepts_other_spellings_and_writes_the_canonical_one(string text, string canonical)
    {
        var permission = Permission.Parse(text);
        Assert.Equal(canonical, permission.ToString());
        Assert.Equal(Permission.Parse(canonical), permission);
    }

    [Theory]
    [InlineData("", 0, "begins with 'git:'")]
    [InlineData("acme/app:pull", 0, "begins with 'git:'")]
    [InlineData("GIT:acme/app:pull", 0, "begins with 'git:'")]
    [InlineData("git:", 4, "actions are missing")]
    [InlineData("git:acme/app", 12, "actions are missing")]
    [InlineData("git::pull", 4, "repository is missing")]
    [InlineData("git:@refs/heads/main:pull", 4, "repository is missing")]
    [InlineData("git:a,b:pull", 5, "write two permissions")]
    [InlineData("git:^a:pull", 4, "only a ref pattern can be excluded")]
    [InlineData("git:acme/app.git:pull", 4, "without '.git'")]
    [InlineData("git:/acme:pull", 4, "'/'")]
    [InlineData("git:acme/../x:pull", 4, "'.'")]
    [InlineData("git:a@:pull", 6, "ref pattern is missing")]
    [InlineData("git:a@^:pull", 6, "ref pattern is missing")]
    [InlineData("git:a@refs/heads/x,:pull", 19, "ref pattern is missing")]
    [InlineData("git:a@refs/heads/x,,refs/heads/y:pull", 19, "ref pattern is missing")]
    [InlineData("git:a@main:pull", 6, "refs/heads/main")]
    [InlineData("git:a@HEAD:pull", 6, "HEAD is visible when")]
    [InlineData("git:a@heads/*:pull", 6, "starts with 'refs/'")]
    [InlineData("git:a@refs/*,^main:pull", 14, "refs/heads/main")]
    [InlineData("git:a@^refs/heads/main:pull", 6, "only exclusions")]
    [InlineData("git:a@refs/heads/x^:pull", 18, "only at the beginning")]
    [InlineData("git:a@^^refs/heads/x:pull", 7, "only at the beginning")]
    [InlineData("git:a@refs/heads/x@refs/heads/y:pull", 18, "stands once")]
    [InlineData("git:a@refs/heads/x", 18, "actions are missing")]
    [InlineData("git:a:", 6, "action is missing")]
    [InlineData("git:a:pull,", 11, "action is missing")]
    [InlineData("git:a:pul", 6, "did you mean 'pull'")]
    [InlineData("git:a:Pull", 6, "did you mean 'pull'")]
    [InlineData("git:a:pull:push", 6, "one ':' too many")]
    [InlineData("git:a:everything", 6, "the actions are pull, push")]
    [InlineData("git:a b:pull", 5, "%20")]
    [InlineData("git:a:pull\n", 10, "control characters")]
    [InlineData("git:a\0:pull", 5, "control characters")]
    [InlineData("git:ä:pull", 4, "percent-encoded")]
    [InlineData("git:a\\b:pull", 5, "%5C")]
    [InlineData("git:a\"b:pull", 5, "%22")]
    [InlineData("git:a%:pull", 5, "two hexadecimal digits")]
    [InlineData("git:a%2:pull", 5, "two hexadecimal digits")]
    [InlineData("git:a@refs/heads/%ff*:pull", 6, "UTF-8")]
    [InlineData("git:a@refs/heads/%00*:pull", 17, "control character")]
    public void Rejects_with_the_place_and_a_way_out(string text, int position, string message)
    {
        Assert.False(Permission.TryParse(text, out var permission, out var error));
        Assert.Null(permission);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(position, error.Position);
        Assert.DoesNotContain(error.ToString(), c => c is < ' ' or > '~');
    }

    [Fact]
    public void Rejects_what_is_too_long_or_has_too_many_patterns()
    {
        Assert.False(Permission.TryParse("git:" + new string('a', Permission.MaxLength) + ":pull", out _, out var error));
        Assert.Contains("8192", error.Message, StringComparison.Ordinal);
        Assert.True(error.ToString().Length < 300);

        var many = string.Join(',', Enumerable.Range(0, 257).Select(i => $"refs/a/{i}"));
        Assert.False(Permission.TryParse($"git:a@{many}:pull", out _, out error));
        Assert.Contains("256", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exclusion_limits_whatever_its_place_in_the_list()
    {
        foreach (var text in new[] { "git:a@refs/heads/*,^refs/heads/main:pull", "git:a@^refs/heads/main,refs/heads/*:pull" })
        {
            var permission = Permission.Parse(text);
            Assert.True(permission.IncludesRef(RefName.Parse("refs/heads/x")));
            Assert.False(permission.IncludesRef(RefName.Parse("refs/heads/main")));
            Assert.False(permission.IncludesRef(RefName.Parse("refs/tags/main")));
        }
    }

    [Fact]
    public void A_tag_named_like_a_branch_is_another_ref()
    {
        var permission = Permission.Parse("git:a@refs/heads/main:push");
        Assert.False(permission.IncludesRef(RefName.Parse("refs/tags/main")));
        Assert.False(permission.IncludesRef(RefName.Parse("refs/tags/refs/heads/main")));
        Assert.False(permission.IncludesRef(RefName.Parse("refs/heads/main2")));
        Assert.False(permission.IncludesRef(RefName.Parse("refs/heads/Main")));
    }

    [Theory]
    [InlineData("git:a:pull", true)]
    [InlineData("git:a@*:pull", true)]
    [InlineData("git:a@refs/*:pull", true)]
    [InlineData("git:a@refs/heads/x,refs*:pull", true)]
    [InlineData("git:a@refs/heads/*,refs/tags/*:pull", false)]
    [InlineData("git:a@*,^refs/heads/x:pull", false)]
    [InlineData("git:a@refs/*/*:pull", false)]
    public void Knows_when_it_is_provably_for_every_ref(string text, bool expected)
    {
        Assert.Equal(expected, Permission.Parse(text).IncludesEveryRef);
    }

    [Fact]
    public void Parsing_what_was_printed_gives_the_same_permission()
    {
        AccessGen.Permission.Sample(permission => Permission.Parse(permission.ToString()).Equals(permission)
            && Permission.Parse(permission.ToString()).ToString() == permission.ToString());
    }

    [Fact]
    public void Any_text_is_either_read_or_refused_with_a_printable_reason()
    {
        Gen.OneOf(Gen.String, Gen.String[Gen.OneOf("git:@,^*:%2Caprefs/heads/pull,".ToCharArray()), 0, 40].Select(text => "git:" + text)).Sample(text =>
        {
            if (Permission.TryParse(text, out var permission, out var error))
            {
                return Permission.Parse(permission.ToString()).Equals(permission);
            }
            return error.Position >= 0 && error.Position <= text.Length && error.ToString().All(c => c is >= ' ' and <= '~');
        });
    }

    [Theory]
    [InlineData(AccessAction.None, "")]
    [InlineData(AccessAction.Push, "push")]
    [InlineData(AccessAction.Create | AccessAction.Force, "create,force")]
    [InlineData(AccessAction.Pull | AccessAction.Push | AccessAction.Force | AccessAction.Delete | AccessAction.Init, "pull,push,force,delete,init")]
    public void Actions_have_one_canonical_order(AccessAction actions, string text)
    {
        Assert.Equal(text, AccessActionWords.Format(actions));
    }
}
