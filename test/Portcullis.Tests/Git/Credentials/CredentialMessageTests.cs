using System.Text;
using CsCheck;
using Portcullis.Git.Credentials;

namespace Portcullis.Tests.Git.Credentials;

public class CredentialMessageTests
{
    [Fact]
    public void What_git_sends_is_read()
    {
        var message = Parse("protocol=https\nhost=git.example.com:8443\npath=acme/app.git\nusername=alice\ncapability[]=authtype\ncapability[]=state\nwwwauth[]=Basic realm=\"x\"\nwwwauth[]=Bearer a=b\nnew_key=kept\n\nafter=the end\n");
        Assert.Equal(("https", "git.example.com:8443", "acme/app.git", "alice", null), (message.Protocol, message.Host, message.Path, message.UserName, message.Password));
        Assert.Equal(["Basic realm=\"x\"", "Bearer a=b"], message.GetAll("wwwauth[]"));
        Assert.Equal("kept", message.Get("new_key"));
        Assert.Null(message.Get("after"));
    }

    [Fact]
    public void Empty_value_clears_a_list()
    {
        Assert.Equal(["c"], Parse("state[]=a\nstate[]=b\nstate[]=\nstate[]=c\n").GetAll("state[]"));
    }

    [Theory]
    [InlineData("protocol\n")]
    [InlineData("=x\n")]
    [InlineData("host=a\r\n")]
    [InlineData("host=evil\rhost=good\n")]
    [InlineData("host=a\0b\n")]
    [InlineData("host=a\nhost=b\n")]
    [InlineData("protocol=https\nprotocol=http\n")]
    public void Rejects_messages_in_which_one_host_could_pass_for_another(string text)
    {
        Assert.Throws<CredentialFormatException>(() => Parse(text));
    }

    [Fact]
    public void Rejects_overlong_lines_and_messages_and_what_is_not_utf8()
    {
        Parse("host=" + new string('a', CredentialMessage.MaxLineLength - 6) + "\n");
        Assert.Throws<CredentialFormatException>(() => Parse("host=" + new string('a', CredentialMessage.MaxLineLength - 5) + "\n"));
        Assert.Throws<CredentialFormatException>(() => CredentialMessage.Parse(new byte[CredentialMessage.MaxLength + 1]));
        Assert.Throws<CredentialFormatException>(() => CredentialMessage.Parse([.. "host="u8, 0xff, 0x0a]));
    }

    [Theory]
    [InlineData("password", "a\nhost=evil")]
    [InlineData("password", "a\rb")]
    [InlineData("password", "a\0b")]
    [InlineData("pass=word", "a")]
    [InlineData("pass\nword", "a")]
    [InlineData("", "a")]
    public void Attributes_that_could_forge_others_cannot_be_written(string key, string value)
    {
        Assert.Throws<CredentialFormatException>(() => CredentialMessage.Empty.With(key, value));
        Assert.Throws<CredentialFormatException>(() => CredentialMessage.Empty.With("password", "\ud800"));
    }

    [Fact]
    public void Writing_and_parsing_are_inverse()
    {
        Gen.Select(Gen.OneOf<string>("host", "password", "state[]", "x-y"), Gen.OneOf<string>("a", "=", "é", " ", "b c", "").Array[0, 4].Select(string.Concat)).Array[0, 8].Sample(pairs =>
        {
            var message = pairs.Aggregate(CredentialMessage.Empty, (message, pair) => message.With(pair.Item1, pair.Item2));
            return CredentialMessage.Parse(message.ToBytes()).Attributes.SequenceEqual(message.Attributes);
        });
    }

    [Fact]
    public void Printing_a_message_shows_no_secret()
    {
        Assert.Equal("host password", CredentialMessage.Empty.With("host", "h").With("password", "secret").ToString());
    }

    private static CredentialMessage Parse(string text) => CredentialMessage.Parse(Encoding.UTF8.GetBytes(text));
}
