import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.felix.resolver.Logger;
import org.apache.felix.resolver.ResolverImpl;
import org.osgi.resource.Capability;
import org.osgi.resource.Namespace;
import org.osgi.resource.Requirement;
import org.osgi.resource.Resource;
import org.osgi.resource.Wire;
import org.osgi.resource.Wiring;
import org.osgi.service.resolver.HostedCapability;
import org.osgi.service.resolver.ResolutionException;
import org.osgi.service.resolver.ResolveContext;

/**
 * Asks Apache Felix' resolver. Lines in, fields apart by tabs, which the bench writes:
 *
 * <pre>
 * bundle NAME VERSION            the next lines are about it; NAME "" is who asks
 * export NAME VERSION USES       packages that it uses, apart by commas
 * import NAME FROM BELOW OPTIONAL
 * need NAME                      a bundle of that name
 * run                            answers
 * clear
 * </pre>
 *
 * Answers a line: {@code resolved|unresolvable|undecided}, the nanoseconds that it took, then of what was resolved each bundle as
 * {@code NAME@VERSION>>>} and each wire as {@code FROM>IMPORT>TO>EXPORT}: which of the bundle's own, the bundle itself being the first export.
 *
 * What the resolver is given is looked up as the other side looks it up: by name in an index that is there before, and filtered and
 * ordered anew by each resolution.
 */
public final class FelixHarness {
  private static final String PACKAGE = "osgi.wiring.package";
  private static final String IDENTITY = "osgi.identity";

  private final List<Bundle> bundles = new ArrayList<>();
  private final Map<String, List<Offer>> index = new HashMap<>();

  public static void main(String[] arguments) throws Exception {
    // Felix recurses along what needs what: it is given all the room that it could want.
    Thread thread = new Thread(null, () -> new FelixHarness().serve(), "resolver", 1L << 30);
    thread.start();
    thread.join();
  }

  private void serve() {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) handle(line.split("\t", -1));
    } catch (IOException gone) {
      System.exit(1);
    }
  }

  private void handle(String[] words) {
    Bundle last = bundles.isEmpty() ? null : bundles.get(bundles.size() - 1);
    switch (words[0]) {
      case "bundle" -> {
        Bundle bundle = new Bundle(words[1], Integer.parseInt(words[2]));
        bundles.add(bundle);
        offer(new Offer(bundle, 0, IDENTITY, words[1], bundle.version, ""));
      }
      case "export" -> offer(new Offer(last, last.offers.size(), PACKAGE, words[1], Integer.parseInt(words[2]), words[3]));
      case "import" -> {
        int below = words[3].isEmpty() ? Integer.MAX_VALUE : Integer.parseInt(words[3]);
        int from = words[2].isEmpty() ? 0 : Integer.parseInt(words[2]);
        last.needs.add(new Need(last, last.needs.size(), PACKAGE, words[1], from, below, words[4].equals("true")));
      }
      case "need" -> last.needs.add(new Need(last, last.needs.size(), IDENTITY, words[1], 0, Integer.MAX_VALUE, false));
      case "run" -> System.out.println(run());
      case "clear" -> {
        bundles.clear();
        index.clear();
      }
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  private void offer(Offer offer) {
    offer.bundle.offers.add(offer);
    index.computeIfAbsent(offer.space + ';' + offer.name, key -> new ArrayList<>()).add(offer);
  }

  private String run() {
    ResolverImpl resolver = new ResolverImpl(new Logger(0), Runnable::run);
    Context context = new Context();
    String outcome = "resolved";
    Map<Resource, List<Wire>> wires = Map.of();
    long began = System.nanoTime();
    try {
      wires = resolver.resolve(context);
    } catch (ResolutionException none) {
      outcome = "unresolvable";
    } catch (StackOverflowError | OutOfMemoryError tooMuch) {
      outcome = "undecided";
    }
    return outcome + '\t' + (System.nanoTime() - began) + '\t' + told(wires);
  }

  private String told(Map<Resource, List<Wire>> wires) {
    List<String> words = new ArrayList<>();
    for (List<Wire> from : wires.values())
      for (Wire wire : from) {
        Need need = (Need) wire.getRequirement();
        Offer offer = (Offer) wire.getCapability();
        words.add(need.bundle.id() + '>' + need.place + '>' + offer.bundle.id() + '>' + offer.place);
      }
    for (Resource resource : wires.keySet()) words.add(((Bundle) resource).id() + ">>>");
    return String.join("\t", words);
  }

  private final class Context extends ResolveContext {
    @Override
    public Collection<Resource> getMandatoryResources() {
      return List.of(bundles.get(bundles.size() - 1));
    }

    @Override
    public List<Capability> findProviders(Requirement requirement) {
      Need need = (Need) requirement;
      List<Offer> found = new ArrayList<>();
      for (Offer offer : index.getOrDefault(need.space + ';' + need.name, List.of()))
        if (offer.version >= need.from && offer.version < need.below) found.add(offer);
      found.sort(Comparator.comparingInt((Offer offer) -> -offer.version));
      return new ArrayList<>(found);
    }

    @Override
    public int insertHostedCapability(List<Capability> capabilities, HostedCapability hosted) {
      capabilities.add(hosted);
      return capabilities.size() - 1;
    }

    @Override
    public boolean isEffective(Requirement requirement) {
      return true;
    }

    @Override
    public Map<Resource, Wiring> getWirings() {
      return Collections.emptyMap();
    }
  }

  private static final class Bundle implements Resource {
    final String name;
    final int version;
    final List<Capability> offers = new ArrayList<>();
    final List<Requirement> needs = new ArrayList<>();

    Bundle(String name, int version) {
      this.name = name;
      this.version = version;
    }

    String id() {
      return name + '@' + version;
    }

    @Override
    public List<Capability> getCapabilities(String namespace) {
      return namespace == null ? offers : offers.stream().filter(one -> one.getNamespace().equals(namespace)).toList();
    }

    @Override
    public List<Requirement> getRequirements(String namespace) {
      return namespace == null ? needs : needs.stream().filter(one -> one.getNamespace().equals(namespace)).toList();
    }
  }

  private static final class Offer implements Capability {
    final Bundle bundle;
    final int place;
    final String space;
    final String name;
    final int version;
    final Map<String, Object> attributes;
    final Map<String, String> directives;

    Offer(Bundle bundle, int place, String space, String name, int version, String uses) {
      this.bundle = bundle;
      this.place = place;
      this.space = space;
      this.name = name;
      this.version = version;
      attributes = Map.of(space, name, "version", version);
      directives = uses.isEmpty() ? Map.of() : Map.of(Namespace.CAPABILITY_USES_DIRECTIVE, uses);
    }

    @Override
    public String getNamespace() {
      return space;
    }

    @Override
    public Map<String, String> getDirectives() {
      return directives;
    }

    @Override
    public Map<String, Object> getAttributes() {
      return attributes;
    }

    @Override
    public Resource getResource() {
      return bundle;
    }
  }

  private static final class Need implements Requirement {
    final Bundle bundle;
    final int place;
    final String space;
    final String name;
    final int from;
    final int below;
    final Map<String, String> directives;

    Need(Bundle bundle, int place, String space, String name, int from, int below, boolean isOptional) {
      this.bundle = bundle;
      this.place = place;
      this.space = space;
      this.name = name;
      this.from = from;
      this.below = below;
      directives =
          isOptional ? Map.of(Namespace.REQUIREMENT_RESOLUTION_DIRECTIVE, Namespace.RESOLUTION_OPTIONAL) : Map.of();
    }

    @Override
    public String getNamespace() {
      return space;
    }

    @Override
    public Map<String, String> getDirectives() {
      return directives;
    }

    @Override
    public Map<String, Object> getAttributes() {
      return Map.of();
    }

    @Override
    public Resource getResource() {
      return bundle;
    }
  }
}
