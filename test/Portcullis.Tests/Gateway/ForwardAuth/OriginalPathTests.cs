using CsCheck;
using Portcullis.Gateway.ForwardAuth;

namespace Portcullis.Tests.Gateway.ForwardAuth;

public sealed class OriginalPathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/api/dashboards", "/api/dashboards")]
    [InlineData("/api/", "/api/")]
    [InlineData("/api?x=/../admin&token=abc", "/api")]
    [InlineData("/a%20b", "/a b")]
    [InlineData("/gr%C3%B6%C3%9Fe", "/größe")]
    [InlineData("/%61dmin", "/admin")]
    [InlineData("/a:b@c,d;e", null)]
    [InlineData("/a:b@c,d!$&'()*+=~_-", "/a:b@c,d!$&'()*+=~_-")]
    [InlineData("/.well-known/x", "/.well-known/x")]
    [InlineData("/...", "/...")]
    [InlineData("/a..b", "/a..b")]
    public void Accepts_what_every_server_understands_in_one_way(string target, string? expected)
    {
        Assert.Equal(expected is not null, OriginalPath.TryRead(target, out var path, out _));
        Assert.Equal(expected, path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("admin")]
    [InlineData("http://app.example.com/admin")]
    [InlineData("?x")]
    [InlineData("//admin")]
    [InlineData("/public//admin")]
    [InlineData("/public/../admin")]
    [InlineData("/public/./admin")]
    [InlineData("/public/..")]
    [InlineData("/public/.")]
    [InlineData("/public/%2e%2e/admin")]
    [InlineData("/public/.%2E/admin")]
    [InlineData("/public%2fadmin")]
    [InlineData("/public%2Fadmin")]
    [InlineData("/public%5cadmin")]
    [InlineData("/public\\admin")]
    [InlineData("/public/%252e%252e/admin")]
    [InlineData("/public%2525")]
    [InlineData("/public/..;/admin")]
    [InlineData("/public;x=1/admin")]
    [InlineData("/public%3bx")]
    [InlineData("/public%00")]
    [InlineData("/public%0d%0aX-Forwarded-Uri:%20/")]
    [InlineData("/public%7f")]
    [InlineData("/public#admin")]
    [InlineData("/public admin")]
    [InlineData("/public\tadmin")]
    [InlineData("/public%")]
    [InlineData("/public%2")]
    [InlineData("/public%zz")]
    [InlineData("/public%+1")]
    [InlineData("/public% 1")]
    [InlineData("/%c0%af")]
    [InlineData("/%c0%ae%c0%ae/")]
    [InlineData("/%ff")]
    [InlineData("/%ed%a0%80")]
    [InlineData("/größe")]
    [InlineData("/a\"b")]
    [InlineData("/a<b>")]
    [InlineData("/a|b")]
    [InlineData("/a[b]")]
    [InlineData("/a{b}")]
    [InlineData("/a^b")]
    [InlineData("/a`b")]
    public void Rejects_what_servers_could_understand_in_two_ways(string target)
    {
        Assert.False(OriginalPath.TryRead(target, out var path, out var problem));
        Assert.Null(path);
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Rejects_an_address_that_is_too_long() => Assert.False(OriginalPath.TryRead("/" + new string('a', 8192), out _, out _));

    [Fact]
    public void What_is_accepted_has_no_trap_left_however_it_was_written() =>
        Gen.OneOf(Gen.Const("/"), Gen.Const("."), Gen.Const("%2e"), Gen.Const("%"), Gen.Const("2f"), Gen.Const("%5C"), Gen.Const(";"), Gen.Const("a"), Gen.Const("%61"), Gen.Const("?"), Gen.String)
            .Array[1, 12].Select(string.Concat)
            .Sample(target =>
            {
                if (!OriginalPath.TryRead("/" + target, out var path, out _))
                {
                    return;
                }

                Assert.StartsWith("/", path);
                Assert.DoesNotContain("//", path);
                Assert.DoesNotContain(path.Split('/'), segment => segment is "." or "..");
                Assert.DoesNotContain(path, c => c is '\\' or ';' or '?' or '#' || char.IsControl(c));

                // What a server that unescapes once more would see is the same.
                Assert.Equal(path, Uri.UnescapeDataString(path));
            });
}
