using Portcullis.Gateway.ForwardAuth;

namespace Portcullis.Tests.Gateway.ForwardAuth;

public sealed class ForwardAuthRuleTests
{
    [Theory]
    [InlineData("*", "/*", "", "GET x.example/", true)]
    [InlineData("*", "/*", "", "DELETE x.example/a/b", true)]
    [InlineData("app.example.com", "/*", "", "GET app.example.com/", true)]
    [InlineData("App.Example.com", "/*", "", "GET app.example.com/", true)]
    [InlineData("app.example.com", "/*", "", "GET xapp.example.com/", false)]
    [InlineData("app.example.com", "/*", "", "GET app.example.com.evil/", false)]
    [InlineData("*.example.com", "/*", "", "GET app.example.com/", true)]
    [InlineData("*.example.com", "/*", "", "GET example.com/", false)]
    [InlineData("*", "/admin/*", "", "GET x/admin/users", true)]
    [InlineData("*", "/admin/*", "", "GET x/admin", true)]
    [InlineData("*", "/admin/*", "", "GET x/admin/", true)]
    [InlineData("*", "/admin/*", "", "GET x/administrators", false)]
    [InlineData("*", "/admin/*", "", "GET x/public/admin/users", false)]
    [InlineData("*", "/admin", "", "GET x/admin/", false)]
    [InlineData("*", "/a*z", "", "GET x/a/b/z", true)]
    [InlineData("*", "/größe", "", "GET x/größe", true)]
    [InlineData("*", "/*", "GET,HEAD", "HEAD x/", true)]
    [InlineData("*", "/*", "GET,HEAD", "POST x/", false)]
    public void Matches_the_whole_host_path_and_method(string host, string path, string methods, string request, bool expected)
    {
        var rule = Rule(path, "a:b", methods, host);
        Assert.Equal(expected, new ForwardAuthRules([rule]).Find(Request(request), out _) is not null);
    }

    [Fact]
    public void The_first_rule_that_matches_counts()
    {
        var rules = new ForwardAuthRules([Rule("/admin/*", "app:admin"), Rule("/*", "app:use", "GET"), Rule("/*", "app:change")]);
        Assert.Equal("app:admin", Needed("GET x/admin/users"));
        Assert.Equal("app:use", Needed("GET x/"));
        Assert.Equal("app:change", Needed("POST x/"));

        string? Needed(string request) => rules.Find(Request(request), out _)?.Requires[0].ToString();
    }

    [Theory]
    [InlineData("GET x/Admin/users", true)]
    [InlineData("GET x/ADMIN", true)]
    [InlineData("GET x/admin/Users", false)]
    [InlineData("GET x/other", false)]
    public void A_path_for_which_capitals_choose_the_rule_is_ambiguous(string request, bool expected)
    {
        var rules = new ForwardAuthRules([Rule("/admin/*", "app:admin"), Rule("/*", "app:use")]);
        rules.Find(Request(request), out var isAmbiguous);
        Assert.Equal(expected, isAmbiguous);
    }

    [Theory]
    [InlineData("", "/*", "", "a:b")]
    [InlineData("app.example.com:443", "/*", "", "a:b")]
    [InlineData("http://app.example.com", "/*", "", "a:b")]
    [InlineData("*", "", "", "a:b")]
    [InlineData("*", "admin", "", "a:b")]
    [InlineData("*", "/a/../b", "", "a:b")]
    [InlineData("*", "//a", "", "a:b")]
    [InlineData("*", "/a%20b", "", "a:b")]
    [InlineData("*", "/a?x=1", "", "a:b")]
    [InlineData("*", "/a;b", "", "a:b")]
    [InlineData("*", "/*", "get", "a:b")]
    [InlineData("*", "/*", "GET POST", "a:b")]
    [InlineData("*", "/*", "", "")]
    [InlineData("*", "/*", "", "git:acme")]
    [InlineData("*", "/*", "", "a:*")]
    public void Rejects_a_rule_that_could_not_mean_what_it_says(string host, string path, string methods, string requires)
    {
        Assert.False(ForwardAuthRule.TryCreate(host, path, Split(methods), Split(requires), out var rule, out var problem));
        Assert.Null(rule);
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData("alice", "alice")]
    [InlineData("https://idp.example|repo:acme/app", "https://idp.example|repo:acme/app")]
    [InlineData("a b,c%d", "a%20b%2Cc%25d")]
    [InlineData("größe", "gr%C3%B6%C3%9Fe")]
    [InlineData("a\r\nX-Evil: 1", "a%0D%0AX-Evil:%201")]
    public void Names_in_headers_are_encoded_so_that_no_two_look_the_same(string name, string expected) => Assert.Equal(expected, ForwardAuthAnswer.Encode(name));

    private static ForwardAuthRule Rule(string path, string requires, string methods = "", string host = "*") =>
        ForwardAuthRule.TryCreate(host, path, Split(methods), [requires], out var rule, out var problem) ? rule : throw new InvalidOperationException(problem);

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static OriginalRequest Request(string text)
    {
        var space = text.IndexOf(' ');
        var slash = text.IndexOf('/');
        return new OriginalRequest(text[..space], text[(space + 1)..slash], text[slash..], null);
    }
}
