using CsCheck;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;

namespace Portcullis.Tests.Git.Advertisements;

public class CapabilityListTests
{
    [Fact]
    public void Words_are_found_whole()
    {
        var list = CapabilityList.Parse(" report-status-v2 side-band-64k  object-format=sha256 agent=git/2 agent=second empty="u8);
        Assert.Equal(["report-status-v2", "side-band-64k", "object-format=sha256", "agent=git/2", "agent=second", "empty="], list.Items);
        Assert.False(list.Contains("report-status"));
        Assert.False(list.Contains("side-band"));
        Assert.True(list.TryGetValue("agent", out var agent) && agent == "git/2");
        Assert.True(list.TryGetValue("side-band-64k", out var none) && none.Length == 0);
        Assert.Equal(ObjectFormat.Sha256, list.ObjectFormat());
        Assert.Equal(["report-status-v2", "side-band-64k", "object-format=sha256", "empty="], list.Without("agent").Items);
    }

    [Fact]
    public void Printing_and_parsing_are_inverse()
    {
        Gen.OneOf<string>("a", "b=c", "agent=é", "x=").Array[0, 6].Sample(items =>
            CapabilityList.Parse(System.Text.Encoding.UTF8.GetBytes(CapabilityList.Of(items).ToString())).Equals(CapabilityList.Of(items)));
    }

    [Theory]
    [InlineData("a\tb")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("a\0b")]
    [InlineData("a\u000bb")]
    [InlineData("a\u007fb")]
    public void Rejects_white_space_that_git_would_take_for_the_end_of_a_word(string text)
    {
        Assert.Throws<PktLineException>(() => CapabilityList.Parse(System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Throws<ArgumentException>(() => CapabilityList.Of(text));
        Assert.Throws<ArgumentException>(() => CapabilityList.Empty.With(text));
    }
}
