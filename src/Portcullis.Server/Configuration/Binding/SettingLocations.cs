using System.Runtime.CompilerServices;
using Portcullis.Access;

namespace Portcullis.Server.Configuration.Binding;

/// <summary>Where each bound setting came from, for the checks that come after binding.</summary>
internal sealed class SettingLocations(SourceLocation root)
{
    private readonly Dictionary<(object Section, string Property), SourceLocation> _settings = new(new ByReference());
    private readonly Dictionary<object, SourceLocation> _sections = new(ReferenceEqualityComparer.Instance);

    private readonly HashSet<(object Section, string Property)> _wrong = new(new ByReference());

    /// <summary>Marks a setting whose value was wrong already, so that nothing more is said of what stands in its place.</summary>
    public void SetWrong(object section, string property) => _wrong.Add((section, property));

    /// <summary>Whether nothing was wrong with the setting's value as such.</summary>
    public bool IsSound(object section, string property) => !_wrong.Contains((section, property));

    public void Set(object section, SourceLocation location) => _sections[section] = location;

    public void Set(object section, string property, SourceLocation location) => _settings[(section, property)] = location;

    public void SetItems(object section, string property, IReadOnlyList<SourceLocation> locations)
    {
        for (var i = 0; i < locations.Count; i++)
        {
            _settings[(section, $"{property}[{i}]")] = locations[i];
        }
    }

    /// <summary>Whether the setting is given at all.</summary>
    public bool IsGiven(object section, string property) => _settings.ContainsKey((section, property));

    /// <summary>Where a setting is written; where it is not, its section; where that is not, the file.</summary>
    public SourceLocation Of(object section, string property) =>
        _settings.TryGetValue((section, property), out var location) || _sections.TryGetValue(section, out location) ? location : root;

    /// <summary>Where an item of a list is written.</summary>
    public SourceLocation OfItem(object section, string property, int index) =>
        _settings.TryGetValue((section, $"{property}[{index}]"), out var location) ? location : Of(section, property);

    private sealed class ByReference : IEqualityComparer<(object Section, string Property)>
    {
        public bool Equals((object Section, string Property) x, (object Section, string Property) y) =>
            ReferenceEquals(x.Section, y.Section) && x.Property == y.Property;

        public int GetHashCode((object Section, string Property) key) =>
            HashCode.Combine(RuntimeHelpers.GetHashCode(key.Section), key.Property.GetHashCode(StringComparison.Ordinal));
    }
}
