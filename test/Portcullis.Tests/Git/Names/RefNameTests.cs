using System.Text;
using CsCheck;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Git.Names;

public class RefNameTests
{
    [Theory]
    [InlineData("refs/heads/main")]
    [InlineData("refs/heads/a/b/c")]
    [InlineData("refs/stash")]
    [InlineData("refs/heads/@")]
    [InlineData("refs/heads/a./b")]
    [InlineData("refs/heads/-x")]
    [InlineData("refs/heads/x.lockx")]
    [InlineData("refs/heads/größe/日本語/😀")]
    [InlineData("refs/heads/a{b}\"'$;&|<>()!#%+,=`")]
    public void Accepts_valid_full_names(string name)
    {
        Assert.True(RefName.TryParse(name, out var parsed));
        Assert.Equal(name, parsed.Value);
        Assert.True(RefName.TryParse(Encoding.UTF8.GetBytes(name), out var fromBytes));
        Assert.Equal(parsed, fromBytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HEAD")]
    [InlineData("main")]
    [InlineData("heads/main")]
    [InlineData("refs")]
    [InlineData("refs/")]
    [InlineData("/refs/heads/main")]
    [InlineData("Refs/heads/main")]
    [InlineData("refs/heads/")]
    [InlineData("refs/heads//main")]
    [InlineData("refs//heads/main")]
    [InlineData("refs/heads/.main")]
    [InlineData("refs/heads/../main")]
    [InlineData("refs/heads/a..b")]
    [InlineData("refs/heads/main.")]
    [InlineData("refs/heads/main.lock")]
    [InlineData("refs/heads/main.lock/x")]
    [InlineData("refs/heads/.lock")]
    [InlineData("refs/heads/a@{1}")]
    [InlineData("refs/heads/a b")]
    [InlineData("refs/heads/a\tb")]
    [InlineData("refs/heads/a\nb")]
    [InlineData("refs/heads/a\0b")]
    [InlineData("refs/heads/a\u007fb")]
    [InlineData("refs/heads/a~b")]
    [InlineData("refs/heads/a^b")]
    [InlineData("refs/heads/a:b")]
    [InlineData("refs/heads/a?b")]
    [InlineData("refs/heads/a*b")]
    [InlineData("refs/heads/a[b")]
    [InlineData("refs/heads/a\\b")]
    public void Rejects_what_git_rejects_and_what_is_no_full_name(string name)
    {
        Assert.False(RefName.TryParse(name, out _));
        Assert.False(name.All(char.IsAscii) && RefName.TryParse(Encoding.UTF8.GetBytes(name), out _));
    }

    [Fact]
    public void Rejects_bytes_that_are_not_utf8()
    {
        Assert.False(RefName.TryParse("refs/heads/\ud800", out _));
        Assert.False(RefName.TryParse([.. "refs/heads/"u8, 0xff], out _));
        Assert.False(RefName.TryParse([.. "refs/heads/"u8, 0xc0, 0xaf], out _));
        Assert.False(RefName.TryParse([.. "refs/heads/"u8, 0xed, 0xa0, 0x80], out _));
    }

    [Fact]
    public void Rejects_names_longer_than_the_limit()
    {
        Assert.True(RefName.TryParse("refs/heads/" + new string('a', RefName.MaxBytes - 11), out _));
        Assert.False(RefName.TryParse("refs/heads/" + new string('a', RefName.MaxBytes - 10), out _));
        Assert.False(RefName.TryParse("refs/heads/" + new string('é', 510), out _));
        Assert.False(RefName.TryParse(new string('é', 10_000), out _));
        Assert.False(RefName.TryParse((string?)null, out _));
    }

    [Fact]
    public void Names_sort_as_their_utf8_bytes()
    {
        Gen.OneOf<string>("a", "b", "-", "é", "\uffee", "\ue000", "😀", "𐀀").Array[1, 4].Select(parts => "refs/heads/" + string.Concat(parts)).Select(RefName.Parse)
            .Array[2]
            .Sample(pair => Math.Sign(pair[0].CompareTo(pair[1])) == Math.Sign(pair[0].ToUtf8().AsSpan().SequenceCompareTo(pair[1].ToUtf8())));
    }

    [Fact]
    public void Branches_and_tags_know_what_they_are()
    {
        Assert.True(RefName.Parse("refs/heads/main") is { IsBranch: true, IsTag: false, ShortName: "main" });
        Assert.True(RefName.Parse("refs/tags/v1") is { IsBranch: false, IsTag: true, ShortName: "v1" });
        Assert.True(RefName.Parse("refs/notes/commits") is { IsBranch: false, IsTag: false, ShortName: "refs/notes/commits" });
    }

    [Fact]
    public void Generated_names_are_judged_as_git_check_ref_format_judges_them()
    {
        var pieces = Gen.OneOf<string>("a", "b", ".", "..", "/", "//", "@", "@{", "{", ".lock", "lock", "-", " ", "~", "^", ":", "?", "*", "[", "\\", "é", "\u007f", "\u0001", "refs/", "heads/");
        var names = pieces.Array[1, 6].Select(parts => "refs/" + string.Concat(parts)).Array[120].Single();
        foreach (var name in names.Distinct())
        {
            var isValid = GitProgram.TryRun(null, ["check-ref-format", name]).ExitCode == 0;
            Assert.True(isValid == RefName.TryParse(name, out _), name);
        }
    }
}
